#include "tools/orrery/scenario_options.h"

#include "sim/config/arch_loader.h"
#include "sim/config/node_loader.h"
#include "sim/config/runtime_loader.h"

namespace orrery {
namespace {

constexpr std::uint64_t kMostSequences = std::uint64_t{1} << 24;
constexpr std::uint64_t kMostTokens = std::uint64_t{1} << 27;  // a sequence
constexpr std::uint64_t kMostChips = 65536;

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
       "roofline (a bound), tile, or cycle (slow: small kernels)")  //
      ("objective", po::value<std::string>()->default_value("time")->value_name("O"),
       "what a free mapper chooses tilings by: time (energy decides within 1 %), energy or edp")       //
      ("exact", "simulate every kernel, layer and step: no cache, replication, sampling or skipping")  //
      ("runtime", po::value<std::string>()->default_value("ideal")->value_name("R"),
       "software stack (orrery list runtimes); ideal: no launch cost, no host time");
  return options;
}

Scenario scenario_from(const po::variables_map& values, const ArchSpec& arch, bool encoder_only) {
  Scenario scenario;
  scenario.batch = whole_between(values, "batch", 1, kMostSequences);
  scenario.input = whole_between(values, "input", 1, kMostTokens);
  scenario.output = values.count("output") != 0 ? whole_between(values, "output", 1, kMostTokens)
                                                : (encoder_only ? 1 : 128);
  scenario.dtype = values.count("dtype") != 0 ? parse_dtype_option(values["dtype"].as<std::string>())
                                              : arch.execution.default_dtype;
  const std::uint64_t devices =
      values.count("devices") != 0 ? whole_between(values, "devices", 1, kMostChips) : arch.node.devices;
  const std::uint64_t tp = values.count("tp") != 0 ? whole_between(values, "tp", 1, kMostChips) : devices;
  if (tp != devices) {
    throw UsageError("--tp " + std::to_string(tp) + " with --devices " + std::to_string(devices) +
                     ": the devices of a run form one tensor-parallel group, so the two must agree");
  }
  scenario.tensor_parallel = static_cast<std::uint32_t>(devices);
  return scenario;
}

void truncate_layers(const po::variables_map& values, LlmSpec& llm) {
  if (values.count("layers") == 0) return;
  const std::uint64_t layers = whole_between(values, "layers", 1, llm.layer_count());
  if (layers < llm.layer_count())
    llm.name += " (" + std::to_string(layers) + " of " + std::to_string(llm.layer_count()) + " layers)";
  llm.keep_layers(layers);
}

RuntimeSpec runtime_from(const po::variables_map& values) {
  return load_runtime(values["runtime"].as<std::string>());
}

RunnerOptions runner_options_from(const po::variables_map& values) {
  RunnerOptions options;
  options.fidelity = named<Fidelity>(values["fidelity"].as<std::string>(), "--fidelity");
  options.objective = named<MapObjective>(values["objective"].as<std::string>(), "--objective");
  options.exact = values.count("exact") != 0;
  return options;
}

}  // namespace orrery
