#include "sim/validate/reference_row.h"

#include <algorithm>
#include <cstdlib>

#include "sim/config/dram_loader.h"
#include "sim/config/dram_mapping.h"
#include "sim/config/noc_loader.h"
#include "sim/probe/collective_probe.h"
#include "sim/probe/noc_probe.h"
#include "sim/util/errors.h"
#include "sim/util/nearest_name.h"

namespace orrery {
namespace {

// DRAM: reference runs of a pattern at a load.

bool dependent(const CsvRow& row) {
  return text_in(row, "mode") == "dependent";
}

Quantity dram_primary(const CsvRow& row) {
  return dependent(row) ? Quantity::latency : Quantity::throughput;
}

double dram_measured(const CsvRow& row, Quantity quantity) {
  switch (quantity) {
    case Quantity::throughput:
      return number_in(row, "achieved_gb_per_s");
    case Quantity::energy:
      return number_in(row, "energy_pJ_per_bit");
    case Quantity::latency: {
      // Past saturation a queue's length is all that a latency shows.
      const double offered = number_in(row, "offered_load") * number_in(row, "peak_gb_per_s");
      if (!dependent(row) && (offered <= 0 || number_in(row, "achieved_gb_per_s") < 0.985 * offered))
        return 0;
      return number_in(row, "avg_latency_ns");
    }
    case Quantity::time:
      break;
  }
  return 0;
}

SimulatedRow dram_simulate(const CsvRow& row, ProbeFidelity fidelity) {
  DramProbe probe;
  probe.device = load_dram_device(text_in(row, "preset"));
  const std::string notes = text_in(row, "notes");
  if (notes.find("per-bank refresh") != std::string::npos || notes.find("REFpb") != std::string::npos)
    probe.device.refresh = DramRefresh::per_bank;
  probe.mapping = DramMapping::normalised(text_in(row, "mapping"));
  probe.pattern = text_in(row, "pattern");
  if (probe.pattern == "dep_rand") probe.pattern = "rand_read";
  if (probe.pattern == "dep_seq") probe.pattern = "seq_read";
  probe.load = text_in(row, "mode") == "open-loop" ? text_in(row, "offered_load") : text_in(row, "mode");
  probe.channels = static_cast<std::uint32_t>(number_in(row, "channels", 1));
  probe.fidelity = fidelity;
  const DramProbeResult r = run_dram_probe(probe);
  SimulatedRow s;
  s.throughput = r.achieved_gb_per_s;
  s.latency = r.latency_ns;
  s.energy = r.energy_pj_per_bit;
  return s;
}

// Networks on chip.

bool throughput_row(const CsvRow& row) {
  return text_in(row, "sim_type") == "throughput";
}

Quantity noc_primary(const CsvRow& row) {
  return throughput_row(row) ? Quantity::throughput : Quantity::latency;
}

double noc_measured(const CsvRow& row, Quantity quantity) {
  if (text_in(row, "converged") == "0") return 0;
  if (quantity == Quantity::throughput) return number_in(row, "accepted_rate_avg_flits_node_cycle");
  if (quantity == Quantity::latency && !throughput_row(row)) return number_in(row, "pkt_latency_avg_cycles");
  return 0;
}

SimulatedRow noc_simulate(const CsvRow& row, ProbeFidelity fidelity) {
  NocProbe probe;
  const auto count = [&](const char* column, double fallback) {
    return static_cast<std::uint32_t>(number_in(row, column, fallback));
  };
  RouterSpec router = load_router(text_in(row, "router_cfg", "mesh88_lat_example"));
  router.num_vcs = count("num_vcs", router.num_vcs);
  router.vc_buffer_flits = count("vc_buf_size", router.vc_buffer_flits);
  // "ring(torus n=1)", "crossbar(fly n=1)": the name before the bracket.
  std::string topology = text_in(row, "topology");
  topology = topology.substr(0, topology.find('('));
  if (topology == "fly") topology = "butterfly";
  const std::string routing = text_in(row, "routing");
  probe.network = noc_from(topology, count("k", 8), count("n", 2), routing == "yx" ? "yx" : "xy", router);
  // The tool gives links that close a ring two cycles.
  if (probe.network.topology == NocTopology::torus) probe.network.link_latency = 2;
  probe.traffic = text_in(row, "traffic", "uniform");
  probe.packet_flits = count("packet_flits", 1);
  probe.rate = number_in(row, "injection_rate_flits_node_cycle");
  probe.fidelity = fidelity;
  const NocProbeResult r = run_noc_probe(probe);
  SimulatedRow s;
  s.throughput = r.accepted;
  s.latency = r.latency_cycles;
  return s;
}

// Collectives over the chips of a node.

Quantity collective_primary(const CsvRow&) {
  return Quantity::time;
}

double collective_measured(const CsvRow& row, Quantity quantity) {
  return quantity == Quantity::time ? number_in(row, "measured_us") : 0;
}

SimulatedRow collective_simulate(const CsvRow& row, ProbeFidelity) {
  CollectiveProbe probe;
  probe.node = text_in(row, "system");
  probe.devices = static_cast<std::uint32_t>(number_in(row, "devices"));
  probe.bytes = static_cast<std::uint64_t>(number_in(row, "message_bytes"));
  probe.kind = text_in(row, "collective", "all_reduce");
  SimulatedRow s;
  s.time = run_collective_probe(probe).time_us;
  return s;
}

const std::vector<ReferenceKind>& kinds() {
  static const std::vector<ReferenceKind> kKinds = {
      {"dram",
       {"preset", "pattern", "mode", "achieved_gb_per_s"},
       {"preset", "pattern", "mode"},
       {Quantity::throughput, Quantity::latency, Quantity::energy},
       dram_primary,
       dram_measured,
       dram_simulate},
      {"noc",
       {"topology", "traffic", "sim_type"},
       {"topology", "traffic", "sim_type"},
       {Quantity::latency, Quantity::throughput},
       noc_primary,
       noc_measured,
       noc_simulate},
      {"collective",
       {"system", "devices", "message_bytes", "measured_us"},
       {"system", "devices"},
       {Quantity::time},
       collective_primary,
       collective_measured,
       collective_simulate},
  };
  return kKinds;
}

}  // namespace

const char* to_string(Quantity quantity) {
  switch (quantity) {
    case Quantity::time:
      return "time";
    case Quantity::throughput:
      return "throughput";
    case Quantity::latency:
      return "latency";
    case Quantity::energy:
      return "energy";
  }
  return "";
}

Quantity parse_quantity(const std::string& name) {
  for (const Quantity q : {Quantity::time, Quantity::throughput, Quantity::latency, Quantity::energy}) {
    if (name == to_string(q)) return q;
  }
  throw ConfigError("", "unknown quantity '" + name + "'" +
                            did_you_mean(name, {"time", "throughput", "latency", "energy"}) +
                            "; expected time, throughput, latency or energy");
}

double SimulatedRow::of(Quantity quantity) const {
  switch (quantity) {
    case Quantity::time:
      return time;
    case Quantity::throughput:
      return throughput;
    case Quantity::latency:
      return latency;
    case Quantity::energy:
      return energy;
  }
  return 0;
}

const ReferenceKind& kind_of(const CsvTable& table, const std::string& path) {
  for (const ReferenceKind& kind : kinds()) {
    if (std::all_of(kind.columns.begin(), kind.columns.end(), [&](const auto& c) { return table.has(c); }))
      return kind;
  }
  std::string known;
  for (const ReferenceKind& kind : kinds()) {
    known += std::string(known.empty() ? "" : "; ") + kind.name + " (";
    for (std::size_t i = 0; i < kind.columns.size(); ++i) known += (i > 0 ? ", " : "") + kind.columns[i];
    known += ")";
  }
  throw ConfigError(path, "these columns fit no kind of rows that can be simulated: " + known);
}

double number_in(const CsvRow& row, const std::string& column, double fallback) {
  const auto it = row.find(column);
  if (it == row.end() || it->second.empty()) return fallback;
  char* end = nullptr;
  const double value = std::strtod(it->second.c_str(), &end);
  if (*end != '\0') throw ConfigError("", "column " + column + ": '" + it->second + "' is not a number");
  return value;
}

std::string text_in(const CsvRow& row, const std::string& column, const std::string& fallback) {
  const auto it = row.find(column);
  return it == row.end() || it->second.empty() ? fallback : it->second;
}

}  // namespace orrery
