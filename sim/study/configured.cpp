#include "sim/study/configured.h"

#include <fmt/format.h>

#include "sim/config/arch_loader.h"
#include "sim/config/node_loader.h"
#include "sim/estimate/area.h"
#include "sim/util/nearest_name.h"
#include "sim/workload/attention_pattern.h"

namespace orrery {
namespace {

using nlohmann::json;

constexpr std::pair<const char*, std::optional<std::uint32_t> AskedDegrees::*> kDegrees[] = {
    {"devices", &AskedDegrees::devices},
    {"tp", &AskedDegrees::tensor},
    {"pp", &AskedDegrees::pipeline},
    {"ep", &AskedDegrees::expert},
    {"dp", &AskedDegrees::data},
    {"cp", &AskedDegrees::context},
    {"micro_batches", &AskedDegrees::micro_batches}};

std::string process_name(double nm) {
  return fmt::format("{}", nm);
}

// `node`: null for the machine's own.
ArchSpec in_its_node(const json& machine, const json& node) {
  ArchSpec arch = build_arch(ConfigDocument::of(machine, "arch"));
  if (!node.is_null()) use_node(arch, build_node(ConfigDocument::of(node, node.value("name", "node"))));
  return arch;
}

}  // namespace

ArchSpec configured_machine(const json& c, const Technology& technology) {
  ArchSpec arch = in_its_node(c.at("arch"), c.value("node", json()));
  if (!c.contains("modified")) return arch;
  arch.name += " (modified)";
  if (arch.reconfigurable) return arch;
  const json& from = c["modified"];
  if (!from.contains("die_stated")) arch.die_mm2 = 0;  // as modelled
  const bool known = arch.die_mm2 > 0 || technology.has_process(arch.process_nm);
  if (known && from.contains("base_mm2"))
    grow_static_power(arch, from["base_mm2"].get<double>(), die_area_mm2(arch, technology));
  return arch;
}

LlmSpec configured_llm(const json& c) {
  LlmSpec llm = build_llm(ConfigDocument::of(c.at("llm"), c["llm"].value("name", "llm")));
  llm.name = c["llm"].value("name", llm.name);
  const json& s = c.at("scenario");
  if (s.contains("layers")) {
    const auto layers = s["layers"].get<std::uint64_t>();
    if (layers > llm.layer_count())
      throw ConfigError("", fmt::format("--layers is {}; expected 1 to {}, the model's (scenario.layers)",
                                        layers, llm.layer_count()));
    if (layers < llm.layer_count()) llm.name += fmt::format(" ({} of {} layers)", layers, llm.layer_count());
    llm.keep_layers(layers);
  }
  if (s.contains("attention")) read_sparsely(llm, s["attention"].get<std::string>());
  return llm;
}

DType dtype_named(const std::string& name) {
  const auto dtype = from_word<DType>(name);
  if (!dtype)
    throw ConfigError("", "no number format is named '" + name + "'" + did_you_mean(name, words_of<DType>()) +
                              "; 'orrery list dtypes' names them");
  return *dtype;
}

StoredFormat format_named(const std::string& name) {
  const auto format = stored_format_named(name);
  if (!format)
    throw ConfigError("", "no stored format is named '" + name + "'" +
                              did_you_mean(name, stored_format_names()) +
                              "; 'orrery list stored' names them");
  return *format;
}

Sparsity weight_sparsity_named(const std::string& name) {
  if (const auto sparsity = sparsity_named(name)) return *sparsity;
  throw ConfigError("", "'" + name + "' is no sparsity of weights; expected " + kSparsityWords);
}

Scenario configured_scenario(const json& c, const ArchSpec& arch, const LlmSpec& llm) {
  const json& s = c.at("scenario");
  Scenario scenario;
  scenario.batch = s.value("batch", std::uint64_t{1});
  scenario.input = s.value("input", std::uint64_t{1024});
  scenario.output = s.value("output", std::uint64_t{128});
  FormatRequest asked;
  if (s.contains("dtype")) asked.dtype = dtype_named(s["dtype"].get<std::string>());
  const auto format = [&s](const char* key, std::optional<StoredFormat>& into) {
    if (s.contains(key)) into = format_named(s[key].get<std::string>());
  };
  format("weights", asked.weights);
  format("activations", asked.activations);
  format("kv", asked.kv);
  if (s.contains("sparsity")) asked.sparsity = weight_sparsity_named(s["sparsity"].get<std::string>());
  scenario.formats = number_formats(asked, llm.quantization, arch);
  AskedDegrees degrees;
  for (const auto& [key, into] : kDegrees) {
    if (s.contains(key)) degrees.*into = s[key].get<std::uint32_t>();
  }
  scenario.split = divided(degrees, arch.node.devices);
  if (s.contains("step")) {
    scenario.step = step_named(s["step"].get<std::string>());
    scenario.batch = scenario.step->sequences() * scenario.split.data;
    scenario.input = scenario.output = 1;
    for (const SequenceGroup& g : scenario.step->groups) scenario.input = std::max(scenario.input, g.context);
  }
  if (s.contains("expert_load"))
    scenario.split.expert_load = expert_load_named(s["expert_load"].get<std::string>());
  return scenario;
}

json modelled_areas(const json& machine, const json& node, const json& table) {
  const ArchSpec arch = in_its_node(machine, node);
  const Technology technology = build_technology(ConfigDocument::of(table, "technology"));
  json areas = json::object();
  if (arch.reconfigurable) return areas;
  const bool says = arch.process_nm > 0;
  for (const Process& process : technology.nodes) {
    if (says && process.nm != arch.process_nm) continue;
    ArchSpec made = arch;
    made.process_nm = process.nm;
    areas[process_name(process.nm)] = chip_area(made, technology).total();
  }
  return areas;
}

json modelled_area(const json& areas, const json& chip) {
  if (!chip.contains("process_nm")) return nullptr;
  // A base that says its process is compared as it is, whatever the machine is moved to.
  if (areas.size() == 1) return areas.front();
  return areas.value(process_name(chip["process_nm"].get<double>()), json());
}

}  // namespace orrery
