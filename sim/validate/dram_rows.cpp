// DRAM: reference runs of a pattern at a load (columns preset, pattern, mode).

#include "sim/config/dram_loader.h"
#include "sim/config/dram_mapping.h"
#include "sim/probe/dram_probe.h"
#include "sim/validate/reference_kind.h"

namespace orrery {
namespace {

bool dependent(const CsvRow& row) {
  return text_in(row, "mode") == "dependent";
}

std::vector<Quantity> dram_usual(const CsvRow& row) {
  return {dependent(row) ? Quantity::latency : Quantity::throughput};
}

double dram_measured(const CsvRow& row, Quantity quantity) {
  if (quantity == Quantity::throughput) return number_in(row, "achieved_gb_per_s");
  if (quantity == Quantity::energy) return number_in(row, "energy_pJ_per_bit");
  if (quantity != Quantity::latency) return 0;
  // Past saturation a queue's length is all that a latency shows.
  const double offered = number_in(row, "offered_load") * number_in(row, "peak_gb_per_s");
  if (!dependent(row) && (offered <= 0 || number_in(row, "achieved_gb_per_s") < 0.985 * offered)) return 0;
  return number_in(row, "avg_latency_ns");
}

SimulatedRow dram_simulate(const CsvRow& row, ProbeFidelity fidelity) {
  DramProbe probe;
  const auto channels = static_cast<std::uint32_t>(whole_in(row, "channels", 1));
  probe.dram = bare_dram(load_dram_device(text_in(row, "preset")), channels);
  const std::string notes = text_in(row, "notes");
  if (notes.find("per-bank refresh") != std::string::npos || notes.find("REFpb") != std::string::npos)
    probe.dram.device.refresh = DramRefresh::per_bank;
  probe.mapping = DramMapping::normalised(text_in(row, "mapping"));
  probe.pattern = text_in(row, "pattern");
  if (probe.pattern == "dep_rand") probe.pattern = "rand_read";
  if (probe.pattern == "dep_seq") probe.pattern = "seq_read";
  probe.load = text_in(row, "mode") == "open-loop" ? text_in(row, "offered_load") : text_in(row, "mode");
  probe.fidelity = fidelity;
  const DramProbeResult r = run_dram_probe(probe);
  SimulatedRow s;
  s[Quantity::throughput] = r.achieved_gb_per_s;
  s[Quantity::latency] = r.latency_ns;
  s[Quantity::energy] = r.energy_pj_per_bit;
  return s;
}

}  // namespace

const ReferenceKind& dram_rows() {
  static const ReferenceKind kKind = {
      "dram",
      {"preset", "pattern", "mode", "achieved_gb_per_s"},
      {"mapping", "channels", "peak_gb_per_s", "mode", "offered_load", "request_bytes", "notes",
       "achieved_gb_per_s", "avg_latency_ns", "energy_pJ_per_bit", "tool"},
      {"preset", "pattern", "mode"},
      {Quantity::throughput, Quantity::latency, Quantity::energy},
      dram_usual,
      dram_measured,
      process_a_row,
      false,
      [](const std::vector<CsvRow>& rows, const RowSettings& settings) {
        return row_by_row(rows,
                          [&](const CsvRow& row) { return dram_simulate(row, probe_fidelity(settings)); });
      }};
  return kKind;
}

}  // namespace orrery
