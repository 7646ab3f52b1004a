#include "sim/config/arch_loader.h"

#include <cmath>

#include "sim/config/arch_checks.h"
#include "sim/config/arch_keys.h"
#include "sim/config/chip_area.h"
#include "sim/config/energy_loader.h"
#include "sim/config/fpga_fit.h"
#include "sim/config/library_loader.h"
#include "sim/config/name_lookup.h"
#include "sim/config/noc_loader.h"
#include "sim/util/data_home.h"

namespace orrery {
namespace {

using nlohmann::json;

// What the keys of a network come to, of a machine with so many cores.
NetworkSpec network_of(const NetworkKeys& keys, std::uint32_t cores, const std::string& where) {
  NetworkSpec spec = keys;
  if (keys.kind == "crossbar") return spec;
  if (keys.kind == "graph") {
    spec.routed = load_noc(keys.file, where);
  } else {
    const json router = keys.router.is_null() ? json(kDefaultRouter) : keys.router;
    spec.routed = noc_from(keys.kind, keys.k, keys.n, keys.routing, load_router(router));
    // A folded torus has links of twice a mesh's length.
    const std::uint32_t usual = spec.routed->topology == NocTopology::torus ? 2 : 1;
    spec.routed->link_latency = keys.link_latency.value_or(usual);
  }
  if (spec.memory_nodes.empty()) spec.memory_nodes = {cores};  // the first node behind the cores'
  return spec;
}

// What a file does not say of energy is what its technology has.
void set_energy(ArchKeys& arch) {
  const EnergyTable& table = arch.energy;
  const CoreEnergyKeys& usual =
      threads_on_lanes(arch.cores.matrix) ? table.threaded_core : table.systolic_core;
  const CoreEnergyKeys& stated = arch.stated_core_energy;
  const auto either = [](const std::optional<double>& own, const std::optional<double>& technology) {
    return own.value_or(technology.value_or(0));
  };
  arch.core_energy = {either(stated.pj_per_mac, usual.pj_per_mac),
                      either(stated.pj_per_vector_op, usual.pj_per_vector_op),
                      either(stated.pj_per_moved_bit, usual.pj_per_moved_bit),
                      either(stated.narrow_share, usual.narrow_share)};
  arch.supply_efficiency = arch.stated_supply_efficiency.value_or(table.supply_efficiency);
  if (!arch.drams.empty() && !arch.drams.front().second.controller_pj_per_bit)
    arch.dram.energy.controller_pj_per_bit = table.controller_pj_per_bit;
}

// The die, published or modelled; nothing where neither can be.
std::optional<double> known_area(const ArchSpec& arch) {
  if (arch.die_mm2 > 0) return arch.die_mm2;
  const Technology technology = load_technology();
  if (!technology.has_process(arch.process_nm)) return std::nullopt;
  return die_area_mm2(arch, technology);
}

// As it is stated, or leakage and clock tree by the area of the die, published or modelled.
void set_static_power(ArchKeys& arch, std::optional<double> mm2, std::vector<Diagnostic>& errors,
                      const ConfigDocument& document) {
  arch.static_w = arch.stated_static_w.value_or(0);
  arch.active_w = arch.stated_active_w.value_or(0);
  if (arch.stated_static_w) return;
  if (!arch.die.blocks.empty()) {
    arch.static_w = arch.die.blocks_leakage_w(arch.cores.count);
    return;
  }
  if (!mm2) {
    if (!errors.empty()) return;  // nothing that could be modelled
    errors.push_back(
        {document.where("/chip"),
         "static power is estimated from the area: state static_w, die_mm2, or a process_nm that "
         "the technology table has"});
    return;
  }
  arch.static_w = arch.energy.leakage_w(*mm2);
  if (!arch.stated_active_w) arch.active_w = arch.energy.clock_w(*mm2, arch.clock_hz);
}

// Wires are as long as the die makes them: half its edge to a crossbar, between neighbours of a network.
void set_distance(ArchSpec& arch, double mm2) {
  const double nodes = arch.network.routed ? static_cast<double>(node_count(*arch.network.routed)) : 4;
  arch.network.distance_mm = std::sqrt(mm2 / nodes);
}

void set_dram(ArchKeys& arch, std::vector<Diagnostic>& errors, const ConfigDocument& document) {
  for (std::size_t i = 0; i < arch.drams.size(); ++i) {
    const auto& [place, level] = arch.drams[i];
    const std::string pointer = "/chip/memory/" + std::to_string(place);
    if (i > 0)
      errors.push_back(document.diagnostic(pointer, "a second level of kind: dram; one is simulated"));
    arch.dram = dram_of(level, document, pointer);
  }
  if (arch.drams.empty()) errors.push_back(document.diagnostic("/chip/memory", "no level of kind: dram"));
}

void set_storage(ArchKeys& arch, std::vector<Diagnostic>& errors, const ConfigDocument& document) {
  for (std::size_t i = 0; i < arch.storages.size(); ++i) {
    const auto& [place, storage] = arch.storages[i];
    const std::string pointer = "/chip/memory/" + std::to_string(place);
    if (i > 0)
      errors.push_back(document.diagnostic(pointer, "a second level of kind: storage; one is simulated"));
    if (!arch.drams.empty() && place < arch.drams.front().first)
      errors.push_back(
          document.diagnostic(pointer, "a level of kind: storage before the dram; it lies behind"));
    arch.storage = storage;
  }
}

// The part, and the clock that a design so full reaches where it is asked for.
void set_part(ArchKeys& arch, const ConfigDocument& document) {
  arch.fpga = fpga_design(*arch.fpga_keys, document.where("/chip/fpga/part"));
  if (!arch.fpga->estimate_clock) return;
  const double reached = fpga_clock_hz(arch.fpga->part, fpga_fullness(fpga_need(arch), arch.fpga->part));
  arch.clock_hz = std::min(arch.clock_hz, reached);
}

bool same_numbers(json a, json b) {
  drop_words(a);
  drop_words(b);
  return a == b;
}

}  // namespace

ArchSpec build_arch(const ConfigDocument& document) {
  expect_kind(document, kArch);
  std::vector<Diagnostic> errors;
  ArchKeys arch;
  table_of<ArchKeys>().read(&arch, document.root(), Place(&document));
  if (arch.matrix_engines != 1 || arch.vector_units != 1) {
    errors.push_back(document.diagnostic(
        "/chip/cores/engines",
        "a core needs one matrix engine (systolic_array, dot_product_array or crossbar, with "
        "count: for several alike) and one vector_unit"));
  }
  if (arch.fpga_keys) set_part(arch, document);
  set_dram(arch, errors, document);
  set_storage(arch, errors, document);
  arch.network = network_of(arch.network_keys, arch.cores.count, document.where("/chip/network"));
  if (!arch.library.is_null())
    arch.execution.library = load_library(arch.library, document.where("/chip/execution/library"));
  arch.scratchpad_bank_kib =
      static_cast<double>(arch.cores.scratchpad.size_bytes) / 1024.0 / arch.cores.scratchpad.banks;
  arch.energy = load_energy_table(arch.energy_table, document.where("/chip/energy_table"));
  set_energy(arch);
  const json node = arch.node_keys.is_null() ? json::object() : arch.node_keys;
  arch.node = node_from(node, "/node", document, errors);
  arch.node.name = kOfTheMachine;
  if (arch.node.energy_pj_per_bit <= 0) arch.node.energy_pj_per_bit = arch.energy.link_pj_per_bit;
  const bool wires = arch.network.distance_mm <= 0;
  std::optional<double> mm2;
  if (errors.empty() && (wires || !arch.stated_static_w)) mm2 = known_area(arch);
  set_static_power(arch, mm2, errors, document);
  if (wires && mm2) set_distance(arch, *mm2);
  if (errors.empty()) errors = check_arch(arch, document);
  if (errors.empty() && arch.fpga) errors = check_fit(arch, document);
  if (!errors.empty()) throw ConfigError(errors);
  return arch;
}

ConfigDocument load_arch_document(const std::filesystem::path& path) {
  ConfigDocument document = ConfigDocument::load(path);
  const json name = document.root().is_object() ? document.root().value("name", json()) : json();
  if (!name.is_string()) return document;
  const std::filesystem::path real = data_home() / "arch_configs" / (name.get<std::string>() + ".yaml");
  std::error_code none;
  if (!std::filesystem::is_regular_file(real, none) || std::filesystem::equivalent(real, path, none))
    return document;
  if (!same_numbers(ConfigDocument::load(real).root(), document.root()))
    document.rename(name.get<std::string>() + " (changed)");
  return document;
}

ArchSpec load_arch(const std::filesystem::path& path) {
  return build_arch(load_arch_document(path));
}

ArchSpec load_arch_named(const std::string& name) {
  return load_arch(find_arch(name));
}

}  // namespace orrery
