#include "sim/explore/configured.h"

#include <fmt/format.h>

#include "sim/config/arch_loader.h"
#include "sim/config/node_loader.h"
#include "sim/estimate/area.h"

namespace orrery {
namespace {

using nlohmann::json;

std::string process_name(double nm) {
  return fmt::format("{}", nm);
}

// What a die draws at rest grows with it.
void grow_static_power(ArchSpec& arch, double base_mm2, double now_mm2) {
  const double grown = now_mm2 - base_mm2;
  arch.static_w = std::max(0.0, arch.static_w + arch.energy.leakage_w_per_mm2 * grown);
  if (arch.active_w > 0) {
    const double ghz = arch.clock_hz * 1e-9;
    arch.active_w = std::max(0.0, arch.active_w + arch.energy.clock_w_per_mm2_ghz * ghz * grown);
  }
}

}  // namespace

ArchSpec configured_machine(const json& c, const Technology& technology) {
  ArchSpec arch = build_arch(ConfigDocument::of(c.at("arch"), "arch"));
  if (c.contains("node"))
    use_node(arch, build_node(ConfigDocument::of(c["node"], c["node"].value("name", "node"))));
  if (!c.contains("modified")) return arch;
  arch.name += " (modified)";
  if (!technology.has_node(arch.process_nm)) return arch;
  arch.die_mm2 = 0;  // as modelled
  const json& from = c["modified"];
  if (!arch.reconfigurable && from.contains("base_mm2"))
    grow_static_power(arch, from["base_mm2"].get<double>(), die_area_mm2(arch, technology));
  return arch;
}

LlmSpec configured_llm(const json& c) {
  LlmSpec llm = build_llm(ConfigDocument::of(c.at("llm"), c["llm"].value("name", "llm")));
  llm.name = c["llm"].value("name", llm.name);
  const json& s = c.at("scenario");
  if (s.contains("layers")) {
    const auto layers = s["layers"].get<std::uint64_t>();
    if (layers > llm.layers) throw ConfigError("", "scenario.layers is more than the model has");
    llm.layers = layers;
  }
  return llm;
}

Scenario configured_scenario(const json& c, const ArchSpec& arch) {
  const json& s = c.at("scenario");
  Scenario scenario;
  scenario.batch = s.value("batch", std::uint64_t{1});
  scenario.input = s.value("input", std::uint64_t{1024});
  scenario.output = s.value("output", std::uint64_t{128});
  scenario.dtype = arch.execution.default_dtype;
  if (s.contains("dtype")) {
    const auto dtype = parse_dtype(s["dtype"].get<std::string>());
    if (!dtype) throw ConfigError("", "no number format is named " + s["dtype"].dump());
    scenario.dtype = *dtype;
  }
  scenario.tensor_parallel = s.value("devices", arch.node.devices);
  return scenario;
}

json modelled_areas(const json& base, const Technology& technology) {
  ArchSpec arch = build_arch(ConfigDocument::of(base.at("arch"), "arch"));
  json areas = json::object();
  if (arch.reconfigurable) return areas;
  const bool says = arch.process_nm > 0;
  for (const TechnologyNode& node : technology.nodes) {
    if (says && node.nm != arch.process_nm) continue;
    ArchSpec made = arch;
    made.process_nm = node.nm;
    areas[process_name(node.nm)] = chip_area(made, technology).total();
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
