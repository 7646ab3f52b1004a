#include "sim/config/arch_loader.h"

#include "sim/config/arch_checks.h"
#include "sim/config/document_reader.h"
#include "sim/config/dram_loader.h"
#include "sim/config/energy_loader.h"
#include "sim/config/library_loader.h"
#include "sim/config/name_lookup.h"
#include "sim/config/noc_loader.h"
#include "sim/config/node_loader.h"
#include "sim/config/schema_validation.h"
#include "sim/util/data_home.h"

namespace orrery {
namespace {

using nlohmann::json;

Dataflow parse_dataflow(const std::string& name) {
  if (name == "weight_stationary") return Dataflow::weight_stationary;
  return name == "output_stationary" ? Dataflow::output_stationary : Dataflow::input_stationary;
}

SystolicArraySpec build_systolic(const json& engine) {
  SystolicArraySpec spec;
  spec.count = integer(engine, "count", 1);
  spec.rows = integer(engine, "rows");
  spec.cols = integer(engine, "cols");
  for (const json& name : engine.at("dataflows"))
    spec.dataflows.push_back(parse_dataflow(name.get<std::string>()));
  spec.double_buffered = engine.value("double_buffered", false);
  if (engine.contains("conversion")) {
    const json& c = engine["conversion"];
    spec.conversion = ConversionSpec{integer(c, "input_bits"), integer(c, "output_bits"),
                                     integer(c, "columns_per_weight", 1), number(c, "cell_mac_pj")};
  }
  spec.rates = dtype_values<DTypeRates>(engine.at("rates"));
  return spec;
}

DotProductArraySpec build_dot(const json& engine) {
  DotProductArraySpec spec;
  spec.count = integer(engine, "count", 1);
  spec.m = integer(engine, "m");
  spec.n = integer(engine, "n");
  spec.k = integer(engine, "k");
  spec.instruction_m = integer(engine, "instruction_m", spec.m);
  spec.instruction_n = integer(engine, "instruction_n", spec.n);
  spec.instruction_k = integer(engine, "instruction_k", spec.k);
  spec.issue_rate = number(engine, "issue_rate", 1.0);
  spec.block_m = integer(engine, "block_m");
  spec.block_n = integer(engine, "block_n");
  spec.latency_cycles = integer(engine, "latency_cycles");
  spec.rates = dtype_values<DTypeRates>(engine.at("rates"));
  return spec;
}

VectorUnitSpec build_vector(const json& engine) {
  VectorUnitSpec spec;
  spec.lanes = integer(engine, "lanes");
  spec.transcendental_lanes = number(engine, "transcendental_lanes");
  spec.latency_cycles = integer(engine, "latency_cycles");
  spec.accumulators = integer(engine, "accumulators");
  return spec;
}

DieSpec build_die(const json& area) {
  DieSpec die;
  die.cores = integer(area, "die_cores");
  die.shared_bytes = scaled(area, "die_shared_mib", kMiB);
  die.memory_stacks = integer(area, "die_memory_stacks");
  die.register_file_bytes = scaled(area, "register_file_kib", kKiB);
  die.instruction_cache_bytes = scaled(area, "instruction_cache_kib", kKiB);
  die.fp64_macs_per_cycle = number(area, "fp64_macs_per_cycle");
  die.link_gb_per_s = number(area, "link_gb_per_s");
  return die;
}

CoreSpec build_cores(const json& cores, std::vector<Diagnostic>& errors, const ConfigDocument& document) {
  CoreSpec spec;
  spec.count = integer(cores, "count");
  int matrix_engines = 0;
  int vector_units = 0;
  for (const json& engine : cores.at("engines")) {
    const std::string kind = engine.at("kind").get<std::string>();
    if (kind == "vector_unit") {
      spec.vector = build_vector(engine);
      ++vector_units;
    } else {
      spec.matrix = kind == "systolic_array" ? MatrixEngineSpec(build_systolic(engine))
                                             : MatrixEngineSpec(build_dot(engine));
      ++matrix_engines;
    }
  }
  if (matrix_engines != 1 || vector_units != 1) {
    errors.push_back(
        document.diagnostic("/chip/cores/engines",
                            "a core needs one matrix engine (systolic_array or dot_product_array, with "
                            "count: for several alike) and one vector_unit"));
  }
  const json& pad = cores.at("scratchpad");
  spec.scratchpad = {scaled(pad, "size_kib", kKiB), integer(pad, "banks"), integer(pad, "bank_width_bytes")};
  spec.accumulator_bytes = scaled(cores, "accumulator_kib", kKiB);
  spec.max_resident_items = integer(cores, "max_resident_items", 1);
  spec.max_pipeline_stages = integer(cores, "max_pipeline_stages", 2);
  spec.prefetch_across_items = cores.value("prefetch_across_items", false);
  spec.overlap_engines = cores.value("overlap_engines", true);
  spec.dma.max_outstanding = integer(cores.at("dma"), "max_outstanding");
  spec.dma.max_granule_bytes = scaled(cores.at("dma"), "max_granule_kib", kKiB);
  return spec;
}

ExecutionSpec build_execution(const json& execution) {
  ExecutionSpec spec;
  for (const json& item : execution.value("fused", json::array())) {
    const std::string name = item.get<std::string>();
    spec.fused.push_back(name == "attention"     ? FusedOperator::attention
                         : name == "add_rmsnorm" ? FusedOperator::add_rmsnorm
                                                 : FusedOperator::kv_append);
  }
  if (execution.value("prefill", "parallel") == "token_by_token") spec.prefill = PrefillMode::token_by_token;
  if (execution.value("tensor_parallel", "megatron") == "gather_each_matmul") {
    spec.tensor_parallel = TensorParallelScheme::gather_each_matmul;
  }
  spec.default_dtype = parse_dtype(execution.at("default_dtype").get<std::string>()).value();
  return spec;
}

NetworkSpec build_network(const json& network, std::uint32_t cores, const std::string& where) {
  NetworkSpec spec;
  spec.port_bytes_per_cycle = number(network, "port_bytes_per_cycle");
  spec.latency_ns = number(network, "latency_ns");
  spec.distance_mm = number(network, "distance_mm");
  const std::string kind = network.at("kind").get<std::string>();
  if (kind == "crossbar") return spec;
  if (kind == "graph") {
    spec.routed = load_noc(network.at("file"), where);
  } else {
    spec.routed =
        noc_from(kind, integer(network, "k", 8), integer(network, "n", 2), network.value("routing", "xy"),
                 load_router(network.value("router", json(kDefaultRouter))));
  }
  // A folded torus has links of twice a mesh's length.
  const std::uint32_t usual = spec.routed->topology == NocTopology::torus ? 2 : 1;
  if (kind != "graph") spec.routed->link_latency = integer(network, "link_latency", usual);
  spec.multicast = network.value("multicast", false);
  spec.memory_nodes = network.value("memory_nodes", std::vector<std::uint32_t>{});
  if (spec.memory_nodes.empty()) spec.memory_nodes = {cores};  // the first node behind the cores'
  return spec;
}

// Leakage and clock tree by area, for a machine that does not state what it draws at rest.
void estimate_static_power(ArchSpec& arch, const json& chip, std::vector<Diagnostic>& errors,
                           const ConfigDocument& document) {
  arch.static_w = number(chip, "static_w");
  arch.active_w = number(chip, "active_w");
  if (chip.contains("static_w")) return;
  if (arch.die_mm2 <= 0) {
    errors.push_back(
        {document.where("/chip"), "static power is estimated from the area: state static_w or die_mm2"});
    return;
  }
  arch.static_w = arch.energy.leakage_w(arch.die_mm2);
  if (!chip.contains("active_w")) {
    arch.active_w = arch.energy.clock_w(arch.die_mm2, arch.clock_hz);
  }
}

bool same_numbers(json a, json b) {
  drop_words(a);
  drop_words(b);
  return a == b;
}

}  // namespace

ArchSpec build_arch(const ConfigDocument& document) {
  validate_as(document, "orrery/arch/1");
  const json& root = document.root();
  const json& chip = root.at("chip");
  std::vector<Diagnostic> errors = document.unused_sources();
  ArchSpec arch;
  arch.name = root.at("name").get<std::string>();
  arch.description = root.value("description", "");
  arch.process_nm = number(chip, "process_nm");
  arch.die_mm2 = number(chip, "die_mm2");
  arch.clock_hz = number(chip, "clock_ghz") * 1e9;
  arch.tdp_w = number(chip, "tdp_w");
  arch.supply_efficiency = number(chip, "supply_efficiency", 1);
  arch.power_cap_w = number(chip, "power_cap_w");
  arch.min_voltage_share = number(chip, "min_voltage_share", 1);
  const json core_energy = chip.value("core_energy", json::object());
  arch.core_energy = {number(core_energy, "pj_per_mac"), number(core_energy, "pj_per_vector_op"),
                      number(core_energy, "pj_per_moved_bit")};
  arch.reconfigurable = chip.value("reconfigurable", false);
  arch.die = build_die(chip.value("area", json::object()));
  arch.cores = build_cores(chip.at("cores"), errors, document);
  bool has_dram = false;
  for (std::size_t i = 0; i < chip.at("memory").size(); ++i) {
    const json& level = chip["memory"][i];
    const std::string pointer = "/chip/memory/" + std::to_string(i);
    if (level.at("kind") == "shared_buffer") {
      arch.shared_levels.push_back({scaled(level, "size_mib", kMiB), number(level, "bytes_per_cycle"),
                                    number(level, "sustained_share", 1.0), number(level, "latency_ns"),
                                    integer(level, "partitions", 1), number(level, "far_latency_ns"),
                                    number(level, "far_bytes_per_cycle"), number(level, "bank_kib", 64)});
      const std::size_t at = arch.shared_levels.size() - 1;
      arch.shared_levels.back().name = at == 0 ? "shared_buffer" : "outer_buffer" + std::to_string(at);
    } else {
      if (has_dram)
        errors.push_back(document.diagnostic(pointer, "a second level of kind: dram; one is simulated"));
      arch.dram = load_dram(level, document, pointer);
      has_dram = true;
    }
  }
  if (!has_dram) errors.push_back(document.diagnostic("/chip/memory", "no level of kind: dram"));
  arch.network = build_network(chip.at("network"), arch.cores.count, document.where("/chip/network"));
  const json command = chip.value("command", json::object());
  arch.command = {number(command, "kernel_overhead_ns"), number(command, "item_dispatch_ns"),
                  number(command, "instruction_issue_cycles")};
  arch.execution = build_execution(chip.at("execution"));
  if (chip["execution"].contains("library")) {
    arch.execution.library =
        load_library(chip["execution"]["library"], document.where("/chip/execution/library"));
  }
  arch.scratchpad_bank_kib =
      static_cast<double>(arch.cores.scratchpad.size_bytes) / 1024.0 / arch.cores.scratchpad.banks;
  arch.energy = load_energy_table(chip.at("energy_table"), document.where("/chip/energy_table"));
  estimate_static_power(arch, chip, errors, document);
  arch.node = node_from(root.value("node", json::object()), "/node", document, errors);
  arch.node.name = "of this machine";
  if (errors.empty()) errors = check_arch(arch, document);
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
