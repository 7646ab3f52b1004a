// Networks on chip (columns topology, traffic) and collectives over the chips of a node (columns system,
// message_bytes).

#include <regex>

#include <fmt/format.h>

#include "sim/config/noc_loader.h"
#include "sim/config/node_loader.h"
#include "sim/probe/collective_probe.h"
#include "sim/probe/noc_probe.h"
#include "sim/util/errors.h"
#include "sim/util/units.h"
#include "sim/validate/reference_kind.h"

namespace orrery {
namespace {

// Networks on chip.

bool throughput_row(const CsvRow& row) {
  return text_in(row, "sim_type") == "throughput";
}

std::vector<Quantity> noc_usual(const CsvRow& row) {
  return {throughput_row(row) ? Quantity::throughput : Quantity::latency};
}

double noc_measured(const CsvRow& row, Quantity quantity) {
  if (text_in(row, "converged") == "0") return 0;
  if (quantity == Quantity::throughput) return number_in(row, "accepted_rate_avg_flits_node_cycle");
  if (quantity == Quantity::latency && !throughput_row(row)) return number_in(row, "pkt_latency_avg_cycles");
  return 0;
}

struct Topology {
  std::string name;
  std::uint32_t k = 8, n = 2;  // where the row has no columns for them
};

// "mesh", "ring(torus n=1)", "crossbar(fly n=1)", "fly", "butterfly k-ary n-fly", "4-ary 3-fly", "8-ary
// 2-cube": the first word names it, or the second one behind numbers.
Topology topology_of(const std::string& text) {
  Topology t;
  static const std::regex kAry(R"((\d+)-ary (\d+)-(\w+))");
  std::smatch found;
  if (std::regex_search(text, found, kAry)) {
    t.k = static_cast<std::uint32_t>(std::stoul(found[1]));
    t.n = static_cast<std::uint32_t>(std::stoul(found[2]));
    t.name = found[3];
  }
  if (found.empty() || found.position() > 0) t.name = text.substr(0, text.find_first_of("( "));
  if (t.name == "fly") t.name = "butterfly";
  if (t.name == "cube") t.name = "torus";
  return t;
}

constexpr std::uint64_t kMostOfOne = 65536;  // of routers a dimension, flits, channels, ...

SimulatedRow noc_simulate(const CsvRow& row, ProbeFidelity fidelity) {
  NocProbe probe;
  const auto count = [&](const char* column, std::uint32_t fallback) {
    const std::uint64_t value = whole_in(row, column, fallback);
    if (value > kMostOfOne)
      throw ConfigError("", fmt::format("column {}: {}, at most {}", column, value, kMostOfOne));
    return static_cast<std::uint32_t>(value);
  };
  RouterSpec router = load_router(text_in(row, "router_cfg", "mesh88_lat_example"));
  router.num_vcs = count("num_vcs", router.num_vcs);
  router.vc_buffer_flits = count("vc_buf_size", router.vc_buffer_flits);
  const Topology t = topology_of(text_in(row, "topology"));
  const std::string routing = text_in(row, "routing");
  probe.network = noc_from(t.name, count("k", t.k), count("n", t.n),
                           routing == "yx" ? NocRouting::yx : NocRouting::xy, router);
  // The tool gives links that close a ring two cycles.
  if (probe.network.topology == NocTopology::torus) probe.network.link_latency = 2;
  probe.traffic = text_in(row, "traffic", "uniform");
  probe.packet_flits = count("packet_flits", 1);
  probe.rate = number_in(row, "injection_rate_flits_node_cycle");
  probe.fidelity = fidelity;
  const NocProbeResult r = run_noc_probe(probe);
  SimulatedRow s;
  s[Quantity::throughput] = r.accepted;
  s[Quantity::latency] = r.latency_cycles;
  return s;
}

// Collectives over the chips of a node.

std::vector<Quantity> collective_usual(const CsvRow&) {
  return {Quantity::time};
}

double collective_measured(const CsvRow& row, Quantity quantity) {
  return quantity == Quantity::time ? number_in(row, "measured_us") : 0;
}

// Who runs a row's collective, by its column algorithm. Who does not name its engine was timed in 2023.
CollectiveStack stack_of(const CsvRow& row) {
  const std::string how = text_in(row, "algorithm");
  if (how == "engine's own in a CUDA graph") return {CollectiveKernels::engine};
  if (how == "DeepEP low latency") return {CollectiveKernels::experts};
  if (how.rfind("DeepEP normal", 0) == 0) return {CollectiveKernels::experts_by_node};
  if (how.empty() || how == "NCCL default" || how == "RCCL default" || how.rfind("ring-class", 0) == 0 ||
      how.rfind("NCCL under XLA", 0) == 0)
    return {CollectiveKernels::library, text_in(row, "engine").empty()};
  throw ConfigError("", "column algorithm: '" + how + "' is not simulated");
}

// Columns tokens, hidden, top_k, experts and sms say how message_bytes came about.
SimulatedRow collective_simulate(const CsvRow& row, ProbeFidelity) {
  CollectiveProbe probe;
  probe.node = load_node(text_in(row, "system"));
  probe.devices = static_cast<std::uint32_t>(whole_in(row, "devices"));
  probe.bytes = whole_in(row, "message_bytes");
  probe.kind = text_in(row, "collective", "all_reduce");
  if (probe.kind == "send_recv" && text_in(row, "algorithm").find("ring") != std::string::npos)
    probe.kind = "shift";
  probe.stack = stack_of(row);
  probe.copies = static_cast<std::uint32_t>(whole_in(row, "top_k", 1));
  const std::uint64_t stand_in = ceil_div(probe.devices, probe.node.chips);
  const std::uint64_t nodes = whole_in(row, "nodes", stand_in);
  if (nodes != stand_in)
    throw ConfigError("", fmt::format("column nodes: {}; {} devices of {} stand in {}", nodes, probe.devices,
                                      probe.node.name, stand_in));
  SimulatedRow s;
  s[Quantity::time] = run_collective_probe(probe).time_us;
  return s;
}

}  // namespace

const ReferenceKind& noc_rows() {
  static const ReferenceKind kKind = {
      "noc",
      {"topology", "traffic", "sim_type"},
      {"nodes", "k", "n", "routing", "packet_flits", "num_vcs", "vc_buf_size", "router_cfg",
       "injection_rate_flits_node_cycle", "converged", "pkt_latency_avg_cycles",
       "accepted_rate_avg_flits_node_cycle", "notes", "tool"},
      {"topology", "traffic", "sim_type"},
      {Quantity::latency, Quantity::throughput},
      noc_usual,
      noc_measured,
      process_a_row,
      false,
      [](const std::vector<CsvRow>& rows, const RowSettings& settings) {
        return row_by_row(rows,
                          [&](const CsvRow& row) { return noc_simulate(row, probe_fidelity(settings)); });
      }};
  return kKind;
}

const ReferenceKind& collective_rows() {
  static const ReferenceKind kKind = {"collective",
                                      {"system", "devices", "message_bytes", "measured_us"},
                                      {"device", "collective", "algorithm", "nodes", "tokens", "hidden",
                                       "top_k", "experts", "sms", "dtype", "engine", "version"},
                                      {"system", "devices"},
                                      {Quantity::time},
                                      collective_usual,
                                      collective_measured,
                                      process_a_row,
                                      false,
                                      [](const std::vector<CsvRow>& rows, const RowSettings& settings) {
                                        return row_by_row(rows, [&](const CsvRow& row) {
                                          return collective_simulate(row, probe_fidelity(settings));
                                        });
                                      }};
  return kKind;
}

}  // namespace orrery
