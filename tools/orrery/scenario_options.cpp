#include "tools/orrery/scenario_options.h"

#include "sim/config/arch_loader.h"
#include "sim/config/node_loader.h"
#include "sim/config/runtime_loader.h"

namespace orrery {
namespace {

std::uint64_t positive(const po::variables_map& values, const char* name) {
  const auto value = values[name].as<std::int64_t>();
  if (value < 1)
    throw UsageError(std::string("--") + name + " is " + std::to_string(value) + "; expected at least 1");
  return static_cast<std::uint64_t>(value);
}

}  // namespace

po::options_description scenario_options() {
  po::options_description options("What is run");
  options.add_options()                                                                             //
      ("batch", po::value<std::int64_t>()->default_value(1)->value_name("N"), "sequences at once")  //
      ("input", po::value<std::int64_t>()->default_value(1024)->value_name("N"),
       "prompt tokens a sequence")  //
      ("output", po::value<std::int64_t>()->value_name("N"),
       "tokens generated a sequence (default 128; 1 for an encoder)")                                 //
      ("layers", po::value<std::int64_t>()->value_name("N"), "run only the model's first N layers")   //
      ("dtype", po::value<std::string>()->value_name("T"), "number format (default: the machine's)")  //
      ("devices", po::value<std::int64_t>()->value_name("N"),
       "chips used (default: what the machine file says)")  //
      ("tp", po::value<std::int64_t>()->value_name("N"), "tensor parallel degree (default: the devices)");
  return options;
}

ArchSpec load_arch_for(const std::string& name, const po::variables_map& values) {
  ArchSpec arch = load_arch_named(name);
  if (values.count("node") != 0) use_node(arch, load_node(values["node"].as<std::string>()));
  return arch;
}

po::options_description fidelity_options() {
  po::options_description options("How");
  options.add_options()  //
      ("node", po::value<std::string>()->value_name("NAME"),
       "chips, links and protocols of this node (orrery list nodes) instead of the machine's own")  //
      ("fidelity", po::value<std::string>()->default_value("tile")->value_name("F"),
       "roofline (a bound), tile, or cycle (slow: small kernels)")                                     //
      ("exact", "simulate every kernel, layer and step: no cache, replication, sampling or skipping")  //
      ("runtime", po::value<std::string>()->default_value("ideal")->value_name("R"),
       "software stack (orrery list runtimes); ideal: no launch cost, no host time");
  return options;
}

Scenario scenario_from(const po::variables_map& values, const ArchSpec& arch, bool encoder_only) {
  Scenario scenario;
  scenario.batch = positive(values, "batch");
  scenario.input = positive(values, "input");
  scenario.output = values.count("output") != 0 ? positive(values, "output") : (encoder_only ? 1 : 128);
  scenario.dtype = values.count("dtype") != 0 ? parse_dtype_option(values["dtype"].as<std::string>())
                                              : arch.execution.default_dtype;
  const std::uint64_t devices =
      values.count("devices") != 0 ? positive(values, "devices") : arch.node.devices;
  const std::uint64_t tp = values.count("tp") != 0 ? positive(values, "tp") : devices;
  if (tp != devices) {
    throw UsageError("--tp " + std::to_string(tp) + " with --devices " + std::to_string(devices) +
                     ": the devices of a run form one tensor-parallel group, so the two must agree");
  }
  scenario.tensor_parallel = static_cast<std::uint32_t>(devices);
  return scenario;
}

void truncate_layers(const po::variables_map& values, LlmSpec& llm) {
  if (values.count("layers") == 0) return;
  const std::uint64_t layers = positive(values, "layers");
  if (layers > llm.layers) {
    throw UsageError("--layers " + std::to_string(layers) + ": " + llm.name + " has " +
                     std::to_string(llm.layers));
  }
  if (layers < llm.layers)
    llm.name += " (" + std::to_string(layers) + " of " + std::to_string(llm.layers) + " layers)";
  llm.layers = layers;
}

RuntimeSpec runtime_from(const po::variables_map& values) {
  return load_runtime(values["runtime"].as<std::string>());
}

RunnerOptions runner_options_from(const po::variables_map& values) {
  RunnerOptions options;
  options.fidelity = parse_fidelity(values["fidelity"].as<std::string>());
  options.exact = values.count("exact") != 0;
  return options;
}

}  // namespace orrery
