#include "sim/estimate/machine_facts.h"

#include <fmt/format.h>

#include "sim/config/chip_area.h"
#include "sim/config/fpga_fit.h"

namespace orrery {
namespace {

// Narrower by less is a choice, not a slip.
constexpr double kNarrow = 0.999;

double ports_gb_per_s(const ArchSpec& arch, std::size_t ports) {
  return static_cast<double>(ports) * arch.network.port_bytes_per_cycle * arch.clock_hz * 1e-9;
}

std::vector<LevelFact> levels_of(const ArchSpec& arch) {
  const double cores = arch.cores.count;
  std::vector<LevelFact> levels;
  const ScratchpadSpec& pad = arch.cores.scratchpad;
  levels.push_back({"scratchpads", cores * static_cast<double>(pad.bytes_per_cycle()) * arch.clock_hz * 1e-9,
                    arch.cores.count * pad.size_bytes});
  levels.push_back({"network, at the cores", ports_gb_per_s(arch, arch.cores.count), {}});
  if (arch.network.routed && !arch.network.memory_nodes.empty())
    levels.push_back(
        {"network, at memory's nodes", ports_gb_per_s(arch, arch.network.memory_nodes.size()), {}});
  for (const SramLevelSpec& level : arch.shared_levels)
    levels.push_back(
        {level.name, level.sustained_bytes_per_cycle() * arch.clock_hz * 1e-9, level.size_bytes});
  levels.push_back({"dram", arch.dram.peak_bytes_per_s() * 1e-9, arch.dram.capacity_bytes});
  return levels;
}

// By Little's law, of all cores together, before anything waits for anything.
double in_flight_gb_per_s(const ArchSpec& arch) {
  double latency_ns = arch.dram.controller_latency_ns;
  for (const SramLevelSpec& level : arch.shared_levels) latency_ns += level.latency_ns;
  if (latency_ns <= 0) return 0;
  const DmaSpec& dma = arch.cores.dma;
  return arch.cores.count * static_cast<double>(dma.max_outstanding) *
         static_cast<double>(dma.max_granule_bytes) / latency_ns;
}

void add_resources(MachineFacts& facts, const ArchSpec& arch) {
  const FpgaNeed need = fpga_need(arch);
  const FpgaPart& part = arch.fpga->part;
  facts.resources = {{"LUTs", need.luts, part.luts},
                     {"flip-flops", need.flip_flops, part.flip_flops},
                     {"DSPs", need.dsps, part.dsps},
                     {"block RAMs", need.block_rams, part.block_rams},
                     {"UltraRAMs", need.ultra_rams, part.ultra_rams}};
  facts.likely_clock_ghz = 1e-9 * fpga_clock_hz(part, fpga_fullness(need, part));
  if (1e-9 * arch.clock_hz > facts.likely_clock_ghz)
    facts.warnings.push_back(
        fmt::format("a clock of {:.3g} GHz: designs that take so much of {} reach about {:.3g} GHz",
                    1e-9 * arch.clock_hz, part.name, facts.likely_clock_ghz));
}

}  // namespace

MachineFacts machine_facts(const ArchSpec& arch) {
  MachineFacts facts;
  for (std::size_t d = 0; d < kDTypeCount; ++d) {
    const auto dtype = static_cast<DType>(d);
    const double macs = arch.peak_macs_per_s(dtype);
    if (macs > 0) facts.peaks.push_back({to_string(dtype), 2e-12 * macs});
  }
  const Technology technology = load_technology();
  if (technology.has_process(arch.process_nm)) facts.modelled_area_mm2 = chip_area(arch, technology).total();
  if (facts.modelled_area_mm2) {
    facts.least_area_mm2 = *facts.modelled_area_mm2 * technology.area.least_published;
    facts.most_area_mm2 = *facts.modelled_area_mm2 * technology.area.most_published;
  }
  facts.area_mm2 = arch.die_mm2 > 0 ? std::optional(arch.die_mm2) : facts.modelled_area_mm2;
  facts.levels = levels_of(arch);
  const double dram = facts.levels.back().gb_per_s;
  facts.dram_channels = arch.dram.channels;
  facts.dram_channel_gb_per_s = dram / arch.dram.channels;
  facts.ridge_flop_per_byte =
      2 * arch.peak_macs_per_s(arch.execution.default_dtype) / arch.dram.peak_bytes_per_s();
  for (const LevelFact& level : facts.levels) {
    if (level.gb_per_s < kNarrow * dram)
      facts.warnings.push_back(fmt::format("{}: {:.0f} GB/s, less than the {:.0f} GB/s of DRAM behind it",
                                           level.level, level.gb_per_s, dram));
  }
  if (const double rate = in_flight_gb_per_s(arch); rate > 0 && rate < dram) {
    facts.warnings.push_back(fmt::format(
        "the cores' DMA engines: {} granules of {} bytes each keep {:.0f} GB/s in flight over the "
        "latency of memory; DRAM has {:.0f}",
        arch.cores.dma.max_outstanding, arch.cores.dma.max_granule_bytes, rate, dram));
  }
  if (arch.fpga) add_resources(facts, arch);
  if (arch.tdp_w > 0 && arch.static_w >= arch.tdp_w)
    facts.warnings.push_back(
        fmt::format("it draws {:.4g} W at rest, its TDP is {:.4g} W", arch.static_w, arch.tdp_w));
  return facts;
}

}  // namespace orrery
