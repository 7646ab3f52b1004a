#include "sim/config/chip_area.h"

#include <algorithm>
#include <cmath>

namespace orrery {
namespace {

constexpr double kMm2PerUm2 = 1e-6;

double mac_um2(const AreaConstants& a, DType dtype) {
  switch (dtype) {
    case DType::fp32:
      return a.fp32_mac_um2;
    case DType::tf32:
      return a.fp32_mac_um2 / 2;  // a 10-bit mantissa, 32-bit sums
    case DType::fp16:
    case DType::bf16:
    case DType::w4a16:
    case DType::w8a16:
      return a.fp16_mac_um2;
    case DType::fp8:
    case DType::int8:
    case DType::int4:
    case DType::mxfp4:
    case DType::nvfp4:
      return a.int8_mac_um2;
  }
  return 0;
}

double sram_mm2(const Process& process, double bytes) {
  return bytes * 8 * process.sram_um2_per_bit * kMm2PerUm2;
}

// Cores, shared levels and network, by the model.
AreaBreakdown modelled_blocks(const ArchSpec& arch, const Technology& technology) {
  const Process& process = technology.process(arch.process_nm);
  const AreaConstants& a = technology.area;
  const double logic = a.reference_logic_mtr_per_mm2 / process.logic_mtr_per_mm2;  // of the published areas
  const auto sram = [&](double bytes) { return sram_mm2(process, bytes); };

  // One set of multipliers serves all formats: the format that needs most of it decides.
  double macs = 0;
  for (std::size_t d = 0; d < kDTypeCount; ++d) {
    const auto dtype = static_cast<DType>(d);
    macs = std::max(macs, macs_per_cycle(arch.cores.matrix, dtype) * mac_um2(a, dtype));
  }
  const auto* crossbar = std::get_if<CrossbarSpec>(&arch.cores.matrix);
  const bool stated = crossbar != nullptr && crossbar->array_mm2 > 0;
  if (stated) macs = 0;
  const double arithmetic =
      (macs + arch.cores.vector.lanes * a.fp32_mac_um2 + arch.die.fp64_macs_per_cycle * a.fp64_mac_um2) *
          logic * kMm2PerUm2 +
      (stated ? crossbar->count * crossbar->array_mm2 : 0);
  const auto registers = static_cast<double>(arch.die.register_file_bytes > 0 ? arch.die.register_file_bytes
                                                                              : arch.cores.accumulator_bytes);
  const double memory = sram(registers) * a.register_file_factor +
                        sram(static_cast<double>(arch.cores.scratchpad.size_bytes)) +
                        sram(static_cast<double>(arch.die.instruction_cache_bytes));
  const double cores = arch.die.cores > 0 ? arch.die.cores : arch.cores.count;

  AreaBreakdown area;
  // A fixed-function array has no operand collection to speak of: the factor is for what is programmed.
  const double control = arch.die.fixed_function               ? 1
                         : threads_on_lanes(arch.cores.matrix) ? a.core_control_factor
                                                               : std::sqrt(a.core_control_factor);
  area.cores = cores * (arithmetic + memory) * control;

  double memory_side_bytes = arch.dram.peak_bytes_per_s() / arch.clock_hz;
  if (!arch.shared_levels.empty()) {
    const SramLevelSpec& inner = arch.shared_levels.front();
    const auto bytes =
        static_cast<double>(arch.die.shared_bytes > 0 ? arch.die.shared_bytes : inner.size_bytes);
    memory_side_bytes = inner.bytes_per_cycle;
    area.shared_buffer = sram(bytes) * a.cache_overhead +
                         memory_side_bytes * a.cache_mm2_per_byte_per_cycle * logic /
                             (a.reference_logic_mtr_per_mm2 / technology.process(7).logic_mtr_per_mm2);
  }
  for (std::size_t i = 1; i < arch.shared_levels.size(); ++i)
    area.shared_buffer += sram(static_cast<double>(arch.shared_levels[i].size_bytes)) * a.cache_overhead;

  // A crossbar both ways is as wide as its wires, on each side; partitions have wires half the die long.
  const double core_wires = cores * arch.network.port_bytes_per_cycle * 8 * a.wire_pitch_um * 1e-3;  // mm
  const double memory_wires = memory_side_bytes * 8 * a.wire_pitch_um * 1e-3;
  if (!arch.network.routed && arch.cores.count > 1)
    area.network = 2 * core_wires * memory_wires * a.crossbar_factor;
  if (arch.network.routed)
    area.network = cores * arch.network.port_bytes_per_cycle * a.cache_mm2_per_byte_per_cycle;
  return area;
}

}  // namespace

bool has_stacked_memory(const ArchSpec& arch) {
  return arch.dram.device.kind.rfind("hbm", 0) == 0;
}

std::uint32_t memory_stacks(const ArchSpec& arch) {
  constexpr std::uint32_t kBitsOfAStack = 1024;
  if (arch.die.memory_stacks > 0) return arch.die.memory_stacks;
  return ceil_div(arch.dram.channels * arch.dram.device.width_bits, kBitsOfAStack);
}

AreaBreakdown chip_area(const ArchSpec& arch, const Technology& technology) {
  const Process& process = technology.process(arch.process_nm);
  const AreaConstants& a = technology.area;
  const bool synthesised = !arch.die.blocks.empty();
  AreaBreakdown area;
  if (synthesised) {
    area.cores = arch.die.blocks_mm2(arch.cores.count);
  } else {
    area = modelled_blocks(arch, technology);
  }
  if (arch.dram.device.kind == "sram") {  // on the die, in the place of DRAM
    area.shared_buffer += sram_mm2(process, static_cast<double>(arch.dram.capacity_bytes)) * a.cache_overhead;
  } else if (arch.die.host_memory) {
    // on the host's die
  } else if (has_stacked_memory(arch)) {
    const double stacks = memory_stacks(arch);
    area.memory_phy = stacks * a.hbm_phy_mm2_per_stack;
    area.memory_control = stacks * a.hbm_control_mm2_per_stack;
  } else {
    const double bits = arch.dram.channels * static_cast<double>(arch.dram.device.width_bits);
    area.memory_phy = bits / 64 * a.dram_phy_mm2_per_channel;
    area.memory_control = area.memory_phy / 2;
  }
  const double link_gb_per_s =
      arch.die.link_gb_per_s > 0 ? arch.die.link_gb_per_s : arch.node.link.bytes_per_s * 1e-9;
  area.links = link_gb_per_s * a.link_mm2_per_gb_per_s;
  if (!arch.shared_levels.empty() && arch.shared_levels.front().partitions > 1 && !synthesised) {
    const double half_edge = std::sqrt(area.total()) / 2;
    area.network +=
        2 * arch.shared_levels.front().far_bytes_per_cycle * 8 * a.wire_pitch_um * 1e-3 * half_edge;
  }
  area.other = (area.total() - (synthesised ? area.cores : 0)) * a.other_share;
  return area;
}

double die_area_mm2(const ArchSpec& arch, const Technology& technology) {
  return arch.die_mm2 > 0 ? arch.die_mm2 : chip_area(arch, technology).total();
}

}  // namespace orrery
