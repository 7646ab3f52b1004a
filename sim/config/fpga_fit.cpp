#include "sim/config/fpga_fit.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace orrery {
namespace {

constexpr double kPortBytes = 9;  // of a memory block, 72 bits: data may lie in the bits of parity
constexpr double kBlockRam = 4096 + 512, kUltraRam = 8 * (4096 + 512);  // bytes
constexpr double kLutsOfAMultiplier = 280;  // of 16 x 16 bits (AMD LogiCORE multiplier, PG108)
constexpr double kFlipFlopsALut = 1.5;      // of pipelined datapaths

// Banks go into the large blocks as long as there are some.
void place_memory(const ScratchpadSpec& memory, double cores, const FpgaPart& part, FpgaNeed& need) {
  const double banks = memory.banks * cores;
  const double bytes = static_cast<double>(memory.size_bytes) / memory.banks;
  const double ports = std::ceil(memory.bank_width_bytes / kPortBytes);
  const double ultra = std::max(ports, std::ceil(bytes / kUltraRam));
  const double block = std::max(ports, std::ceil(bytes / kBlockRam));
  const double in_ultra = std::min(banks, std::floor(part.ultra_rams / ultra));
  need.ultra_rams = in_ultra * ultra;
  need.block_rams = (banks - in_ultra) * block;
}

// Memory of any width, after what must have ports.
void place_bytes(double bytes, const FpgaPart& part, FpgaNeed& need) {
  const double ultra = std::min(std::ceil(bytes / kUltraRam), part.ultra_rams - need.ultra_rams);
  need.ultra_rams += ultra;
  need.block_rams += std::ceil(std::max(0.0, bytes - ultra * kUltraRam) / kBlockRam);
}

}  // namespace

FpgaNeed fpga_need(const ArchSpec& arch) {
  const FpgaDesign& design = *arch.fpga;
  const double cores = arch.cores.count;
  const double multipliers = cores * base_macs_per_cycle(arch.cores.matrix);
  const double in_logic = std::min(multipliers, static_cast<double>(design.logic_multipliers));
  const VectorUnitSpec& vector = arch.cores.vector;
  FpgaNeed need;
  need.dsps = std::ceil((multipliers - in_logic) * design.dsps_per_mac +
                        cores * (vector.lanes * design.dsps_per_lane +
                                 vector.transcendental_lanes * design.dsps_per_transcendental));
  need.luts = design.base_luts + multipliers * design.luts_per_mac + in_logic * kLutsOfAMultiplier +
              cores * vector.lanes * design.luts_per_lane;
  need.flip_flops = kFlipFlopsALut * need.luts;
  place_memory(arch.cores.scratchpad, cores, design.part, need);
  double others = cores * static_cast<double>(arch.cores.accumulator_bytes);
  for (const SramLevelSpec& level : arch.shared_levels) others += static_cast<double>(level.size_bytes);
  place_bytes(others, design.part, need);
  return need;
}

double fpga_fullness(const FpgaNeed& need, const FpgaPart& part) {
  const auto share = [](double takes, double has) { return takes > 0 ? takes / has : 0; };
  return std::max({share(need.luts, part.luts), share(need.flip_flops, part.flip_flops),
                   share(need.dsps, part.dsps), share(need.block_rams, part.block_rams),
                   share(need.ultra_rams, part.ultra_rams)});
}

double fpga_clock_hz(const FpgaPart& part, double fullness) {
  return part.empty_clock_hz - (part.empty_clock_hz - part.full_clock_hz) * std::min(1.0, fullness);
}

std::vector<Diagnostic> check_fit(const ArchSpec& arch, const ConfigDocument& document) {
  std::vector<Diagnostic> found;
  const FpgaPart& part = arch.fpga->part;
  const FpgaNeed need = fpga_need(arch);
  const auto fits = [&](const char* what, double takes, double has, const char* pointer, const char* way) {
    if (takes <= has) return;
    found.push_back(document.diagnostic(
        pointer, fmt::format("the design takes {:.0f} {}, {} has {:.0f}: {:.0f} too many; {}", takes, what,
                             part.name, has, takes - has, way)));
  };
  fits("DSPs", need.dsps, part.dsps, "/chip/cores/engines",
       "make the engines smaller, or build multipliers of LUTs ('fpga.logic_multipliers')");
  fits("LUTs", need.luts, part.luts, "/chip/cores/engines", "make the engines smaller");
  fits("flip-flops", need.flip_flops, part.flip_flops, "/chip/cores/engines", "make the engines smaller");
  fits(
      "blocks of memory of 36 Kb", need.block_rams, part.block_rams, "/chip/cores/scratchpad",
      "make the scratchpad smaller, or give it fewer banks or narrower ones (a block has a port of 72 bits)");
  return found;
}

}  // namespace orrery
