#include "sim/config/arch_keys.h"
#include "sim/config/core_fields.h"
#include "sim/config/energy_loader.h"
#include "sim/config/library_loader.h"
#include "sim/config/noc_loader.h"

namespace orrery {
namespace {

using nlohmann::json;
using A = ArchKeys;

constexpr const char* kMemoryNodes =
    "nodes of the network where memory is; granules are striped over them. Cores take the others, in order";
constexpr const char* kMulticast =
    "a tile several cores ask for at once is sent once over the channels their ways share";

template <class Engine>
void add_engine(A& arch, const json& value, const Place& at) {
  auto engine = read_as<Engine>(value, at);
  if constexpr (std::is_same_v<Engine, VectorUnitSpec>) {
    arch.cores.vector = engine;
    ++arch.vector_units;
  } else {
    if constexpr (std::is_same_v<Engine, DotProductArraySpec>) {
      const auto given = [&](const char* key, std::uint32_t& own, std::uint32_t otherwise) {
        if (!value.contains(key)) own = otherwise;
      };
      given("instruction_m", engine.instruction_m, engine.m);
      given("instruction_n", engine.instruction_n, engine.n);
      given("instruction_k", engine.instruction_k, engine.k);
    }
    arch.cores.matrix = engine;
    ++arch.matrix_engines;
  }
}

void read_engines(A& arch, const json& engines, const Place& at) {
  for (std::size_t i = 0; i < engines.size(); ++i) {
    const Place here(at, i);
    if (engines[i]["kind"] == "vector_unit") {
      add_engine<VectorUnitSpec>(arch, engines[i], here);
    } else if (engines[i]["kind"] == "crossbar") {
      add_engine<CrossbarSpec>(arch, engines[i], here);
    } else if (engines[i]["kind"] == "systolic_array") {
      add_engine<SystolicArraySpec>(arch, engines[i], here);
    } else {
      add_engine<DotProductArraySpec>(arch, engines[i], here);
    }
  }
}

const Table& shared_buffer_table() {
  static const Table table = [] {
    using L = SramLevelSpec;
    Fields<L> f("memory between the cores and DRAM");
    f.other("kind", Shape::word({"shared_buffer"}), "", "of level").required();
    f.key("size_mib", &L::size_bytes, "MiB", "of all its slices").required().above(0, 1e6).times(1048576);
    f.key("bytes_per_cycle", &L::bytes_per_cycle, "bytes per cycle", "peak over all slices")
        .required()
        .above(0, 1e9);
    f.key("sustained_share", &L::sustained_share, "", "of that peak, kept up under uniform load").above(0, 1);
    f.key("latency_ns", &L::latency_ns, "ns", "to the data, in the near partition").range(0, 1e6);
    f.key("bank_kib", &L::bank_kib, "KiB", "an access touches one (for its energy)")
        .above(0, 1e9)
        .bears(Bears::energy);
    f.key("partitions", &L::partitions, "", "a core is near to one").range(1, 64);
    f.key("far_latency_ns", &L::far_latency_ns, "ns", "more, to another partition").range(0, 1e9);
    f.key("far_bytes_per_cycle", &L::far_bytes_per_cycle, "bytes per cycle",
          "into a partition; 0 = not a limit")
        .range(0, 1e9);
    return Table(f);
  }();
  return table;
}

void read_levels(A& arch, const json& levels, const Place& at) {
  for (std::size_t i = 0; i < levels.size(); ++i) {
    if (levels[i]["kind"] == "dram") {
      arch.drams.emplace_back(i, read_as<DramLevel>(levels[i], Place(at, i)));
      continue;
    }
    if (levels[i]["kind"] == "storage") {
      arch.storages.emplace_back(i, read_as<StorageSpec>(levels[i], Place(at, i)));
      continue;
    }
    SramLevelSpec level;
    shared_buffer_table().read(&level, levels[i], Place(at, i));
    const std::size_t outwards = arch.shared_levels.size();
    level.name = outwards == 0 ? "shared_buffer" : "outer_buffer" + std::to_string(outwards);
    arch.shared_levels.push_back(level);
  }
}

Fields<NetworkKeys> network_fields(const char* sentence, std::vector<std::string> kinds, const char* port) {
  Fields<NetworkKeys> f(sentence);
  f.key("kind", &NetworkKeys::kind, "", "of network").shaped(Shape::word(std::move(kinds))).required();
  f.key("port_bytes_per_cycle", &NetworkKeys::port_bytes_per_cycle, "bytes per cycle", port)
      .required()
      .above(0, 1e9);
  f.key("distance_mm", &NetworkKeys::distance_mm, "mm",
        "mean wire length of a transfer; of one channel of a routed network")
      .range(0, 1e6)
      .bears(Bears::energy)
      .standing("as the die's area makes it");
  return f;
}

const Table& crossbar_table() {
  static const Table table = [] {
    auto f = network_fields("every core has a port", {"crossbar"}, "each core's port, per direction");
    f.key("latency_ns", &NetworkKeys::latency_ns, "ns", "core to memory side, both ways together")
        .range(0, 1e6);
    return Table(f);
  }();
  return table;
}

void add_nodes(Fields<NetworkKeys>& f) {
  f.key("memory_nodes", &NetworkKeys::memory_nodes, "", kMemoryNodes)
      .range(0, 65535)
      .items(1)
      .standing("the first behind the cores'");
  f.key("multicast", &NetworkKeys::multicast, "", kMulticast);
}

const Table& routed_table() {
  static const Table table = [] {
    auto f =
        network_fields("routers and the channels between them",
                       {"mesh", "torus", "ring", "butterfly", "hierarchical"}, "each channel, per direction");
    f.key("k", &NetworkKeys::k, "", "routers a dimension; radix of a butterfly; leaves of a hierarchy's node")
        .required()
        .range(2, 64);
    f.key("n", &NetworkKeys::n, "", "dimensions; stages of a butterfly; levels of a hierarchy").range(1, 4);
    f.key("routing", &NetworkKeys::routing, "",
          "xy, yx: dimension by dimension, lowest or highest first; destination_tag: butterflies; table: "
          "shortest paths");
    f.key("router", &NetworkKeys::router, "", "of all nodes")
        .shaped(Shape::reference(kRouter))
        .standing(kDefaultRouter);
    f.key("link_latency", &NetworkKeys::link_latency, "cycles", "between routers")
        .range(1, 1000)
        .standing("1; 2 of a torus, which is folded");
    add_nodes(f);
    return Table(f);
  }();
  return table;
}

const Table& graph_table() {
  static const Table table = [] {
    auto f = network_fields("a network that a file describes", {"graph"}, "each channel, per direction");
    f.key("file", &NetworkKeys::file, "", "of the network, or its content")
        .shaped(Shape::reference(kNetwork))
        .required();
    add_nodes(f);
    return Table(f);
  }();
  return table;
}

const Shape& network_shape() {
  static const Shape shape = Shape::choice({{"crossbar", &crossbar_table},
                                            {"mesh", &routed_table},
                                            {"torus", &routed_table},
                                            {"ring", &routed_table},
                                            {"butterfly", &routed_table},
                                            {"hierarchical", &routed_table},
                                            {"graph", &graph_table}});
  return shape;
}

const Table& command_table() {
  static const Table table = [] {
    Fields<A> f("what starting work costs on the device");
    f.key(
         "kernel_overhead_ns", [](A & a) -> auto& { return a.command.kernel_overhead_ns; }, "ns",
         "start and drain of a kernel")
        .range(0, 1e9);
    f.key(
         "item_dispatch_ns", [](A & a) -> auto& { return a.command.item_dispatch_ns; }, "ns",
         "from a work item's assignment to its first load")
        .range(0, 1e9);
    f.key(
         "instruction_issue_cycles", [](A & a) -> auto& { return a.command.instruction_issue_cycles; },
         "cycles", "a coarse-grained instruction's turn at the scheduler; 0 = hidden")
        .range(0, 1e6);
    f.key(
         "instruction_rows", [](A & a) -> auto& { return a.command.instruction_rows; }, "rows",
         "of a tile, that a vector instruction covers")
        .range(1, 1 << 20);
    return Table(f);
  }();
  return table;
}

const Table& execution_table() {
  static const Table table = [] {
    Fields<A> f("how operators are carried out");
    f.key(
        "fused", [](A & a) -> auto& { return a.execution.fused; }, "", "operators that run as one kernel");
    f.key(
        "prefill", [](A & a) -> auto& { return a.execution.prefill; }, "", "of a prompt's tokens");
    f.key(
        "tensor_parallel", [](A & a) -> auto& { return a.execution.tensor_parallel; }, "",
        "how a layer is divided over devices");
    f.key(
        "overlaps_collectives", [](A & a) -> auto& { return a.execution.overlaps_collectives; }, "",
        "the links work beside the cores: operators that do not wait for a collective run on");
    f.key(
        "heads_apart", [](A & a) -> auto& { return a.execution.heads_apart; }, "",
        "one head of attention after another: its queries, keys, values, scores, softmax and sums are "
        "instructions of their own (where attention is not fused)");
    f.key(
         "softmax_part_columns", [](A & a) -> auto& { return a.execution.softmax_part_columns; }, "columns",
         "of scores, over each of which the product that makes them takes a softmax, and the product behind "
         "scales the parts (where attention is not fused); 0: whole rows between them")
        .range(0, 1e6);
    f.key(
         "compiled_prompt_tokens", [](A & a) -> auto& { return a.execution.compiled_prompt_tokens; },
         "tokens", "of a prompt, for multiples of which there are programs: others are padded to the next")
        .range(1, 1e6);
    f.key(
         "compiled_context_tokens", [](A & a) -> auto& { return a.execution.compiled_context_tokens; },
         "tokens", "the same of what a decoding sequence reads")
        .range(1, 1e6);
    f.key(
         "conditional", [](A & a) -> auto& { return a.execution.conditional; }, "",
         "what feed-forward blocks compute of their neurons")
        .standing("all");
    f.key(
         "stored_weights", [](A & a) -> auto& { return a.execution.stored_weights; }, "",
         "weights that a step reads from storage (a level of that kind)")
        .standing("memory holds them all");
    f.key(
         "rows_behind_products", [](A & a) -> auto& { return a.execution.rows_behind_products; }, "rows",
         "of a product after which the vector unit takes them over, beside it; 0: when all are there")
        .range(0, 1e6);
    f.key(
         "default_dtype", [](A & a) -> auto& { return a.execution.default_dtype; }, "",
         "format, unless asked otherwise")
        .required();
    f.key("library", &A::library, "", "kernels as a library of arch_configs/libraries ships them")
        .shaped(Shape::reference(kLibrary))
        .standing("the mapper has a free hand");
    return Table(f);
  }();
  return table;
}

const Table& cores_table() {
  static const Table table = [] {
    Fields<A> f("the cores, which are alike");
    f.key(
         "count", [](A & a) -> auto& { return a.cores.count; }, "", "of them")
        .required()
        .range(1, 16384);
    f.other("engines",
            Shape::list(Shape::choice({{"systolic_array", &table_of<SystolicArraySpec>},
                                       {"dot_product_array", &table_of<DotProductArraySpec>},
                                       {"crossbar", &table_of<CrossbarSpec>},
                                       {"vector_unit", &table_of<VectorUnitSpec>}}),
                        1),
            "", "of a core: one that multiplies matrices and one vector unit", read_engines)
        .required();
    f.key(
         "score_predictor", [](A & a) -> auto& { return a.cores.predictor; }, "",
         "estimates scores ahead of the matrix engine, and so chooses the pairs that attention computes")
        .standing("attention computes all pairs");
    f.key(
         "scratchpad", [](A & a) -> auto& { return a.cores.scratchpad; }, "", "a core's own memory")
        .required();
    f.key(
         "accumulator_kib", [](A & a) -> auto& { return a.cores.accumulator_bytes; }, "KiB",
         "dedicated store for partial sums")
        .above(0, 1e9)
        .times(1024)
        .standing("they live in the scratchpad");
    f.key(
         "max_resident_items", [](A & a) -> auto& { return a.cores.max_resident_items; }, "",
         "work items (CTAs) a core interleaves")
        .range(1, 64);
    f.key(
         "max_pipeline_stages", [](A & a) -> auto& { return a.cores.max_pipeline_stages; }, "",
         "buffers a work item may keep in flight")
        .range(2, 64);
    f.key(
        "prefetch_across_items", [](A & a) -> auto& { return a.cores.prefetch_across_items; }, "",
        "loads of the next work item start behind the current one");
    f.key(
        "overlap_engines", [](A & a) -> auto& { return a.cores.overlap_engines; }, "",
        "matrix and vector engines run side by side");
    f.key(
         "dma", [](A & a) -> auto& { return a.cores.dma; }, "",
         "what moves tiles between a core and the memories behind it")
        .required();
    return Table(f);
  }();
  return table;
}

const Table& chip_table() {
  static const Table table = [] {
    Fields<A> f("the chip");
    f.key("process_nm", &A::process_nm, "nm", "node it is made in")
        .above(0, 1e4)
        .bears(Bears::price)
        .standing("not said");
    f.key("die_mm2", &A::die_mm2, "mm2", "published area")
        .above(0, 1e6)
        .bears(Bears::energy)
        .standing("modelled");
    f.key("clock_ghz", &A::clock_hz, "GHz", "of the cores").required().range(0.001, 100).times(1e9);
    f.key("tdp_w", &A::tdp_w, "W", "of the board").required().above(0, 1e6).bears(Bears::energy);
    f.key("static_w", &A::stated_static_w, "W", "at rest")
        .range(0, 1e6)
        .bears(Bears::energy)
        .standing("leakage of the die's area, published or modelled");
    f.key("active_w", &A::stated_active_w, "W",
          "clock tree and schedulers while a kernel runs, at the nominal clock")
        .range(0, 1e5)
        .bears(Bears::energy)
        .standing("0; of the die's area where static_w is not said");
    f.key("supply_efficiency", &A::stated_supply_efficiency, "", "of the board's voltage regulators")
        .above(0.3, 1)
        .bears(Bears::energy)
        .standing("the energy table's");
    f.key("power_cap_w", &A::power_cap_w, "W", "the clock drops until a kernel's power fits")
        .above(0, 1e6)
        .standing("none");
    f.key("min_voltage_share", &A::min_voltage_share, "",
          "of the voltage at the nominal clock; above it voltage follows the clock")
        .range(0.1, 1)
        .bears(Bears::energy);
    f.group("cores", &cores_table, "the cores, which are alike").required();
    f.other("memory",
            Shape::list(Shape::choice({{"shared_buffer", &shared_buffer_table},
                                       {"dram", &table_of<DramLevel>},
                                       {"storage", &table_of<StorageSpec>}}),
                        1),
            "", "levels from the cores outwards", read_levels)
        .required();
    f.other("network", network_shape(), "", "between the cores and the levels behind them",
            [](A& a, const json& value, const Place& at) {
              network_shape().table_of_object(value)->read(&a.network_keys, value, at);
            })
        .required();
    f.group("command", &command_table, "what starting work costs on the device");
    f.group("execution", &execution_table, "how operators are carried out").required();
    f.key("energy_table", &A::energy_table, "", "energy per action of the technology")
        .shaped(Shape::reference(kEnergyTable))
        .required();
    f.key("core_energy", &A::stated_core_energy, "", "what surrounds arithmetic in a core")
        .bears(Bears::energy)
        .standing("the energy table's");
    f.key("area", &A::die, "", "what the die has beyond what is simulated, for its area")
        .bears(Bears::energy);
    f.key("reconfigurable", &A::reconfigurable, "",
          "an FPGA: bought as a part, its die is not ours to make or measure")
        .bears(Bears::price);
    f.key("fpga", &A::fpga_keys, "", "the part that the design lies on, and what it takes of it")
        .standing("what fits is not asked");
    return Table(f);
  }();
  return table;
}

}  // namespace

template <>
const Table& table_of<ArchKeys>() {
  static const Table table = [] {
    Fields<A> f("orrery/arch/1: a machine: chip and node");
    f.document("orrery/arch/1");
    f.key("name", &A::name, "", "what it goes by").required().characters(1, 200).bears(Bears::none);
    f.key("description", &A::description, "", "for people").bears(Bears::none);
    f.group("chip", &chip_table, "the chip").required();
    f.key("node", &A::node_keys, "", "that the machine stands in")
        .shaped(Shape::object(&table_of<NodeKeys>))
        .standing("the chip alone");
    return Table(f);
  }();
  return table;
}

}  // namespace orrery
