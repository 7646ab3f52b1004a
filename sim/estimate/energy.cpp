#include "sim/estimate/energy.h"

#include <algorithm>
#include <cmath>

namespace orrery {

double sram_pj_per_bit(const EnergyTable& table, double kib) {
  const auto& points = table.sram_pj_per_bit;
  if (kib <= points.front().first) return points.front().second;
  for (std::size_t i = 1; i < points.size(); ++i) {
    if (kib > points[i].first) continue;
    const double share =
        std::log(kib / points[i - 1].first) / std::log(points[i].first / points[i - 1].first);
    return points[i - 1].second + share * (points[i].second - points[i - 1].second);
  }
  return points.back().second;
}

EnergyBreakdown dynamic_energy(const ActivityCounts& counts, const ArchSpec& arch, double clock_factor) {
  constexpr double kPico = 1e-12;
  const EnergyTable& table = arch.energy;
  double arithmetic_pj = static_cast<double>(counts.vector_ops) * table.vector_op_pj +
                         static_cast<double>(counts.transcendental_ops) * table.transcendental_op_pj;
  const auto* array = std::get_if<SystolicArraySpec>(&arch.cores.matrix);
  const ConversionSpec* analogue = array != nullptr && array->conversion ? &*array->conversion : nullptr;
  for (std::size_t d = 0; d < kDTypeCount; ++d) {
    const double mac_pj = analogue != nullptr ? analogue->cell_mac_pj : table.mac_pj[d];
    arithmetic_pj += static_cast<double>(counts.macs[d]) * mac_pj;
  }
  double conversion_pj = 0;
  if (analogue != nullptr) {
    const auto steps = [](std::uint32_t bits) { return std::exp2(static_cast<double>(bits)); };
    conversion_pj =
        1e-3 *
        (static_cast<double>(counts.dac_conversions) * table.dac_fj_per_step * steps(analogue->input_bits) +
         static_cast<double>(counts.adc_conversions) * table.adc_fj_per_step * steps(analogue->output_bits));
  }
  const double lane_ops = static_cast<double>(counts.vector_ops + counts.transcendental_ops);
  const double register_pj =
      static_cast<double>(counts.issued_macs) * arch.core_energy.pj_per_mac +
      lane_ops * arch.core_energy.pj_per_vector_op +
      8.0 * static_cast<double>(counts.requested_read_bytes + counts.requested_write_bytes) *
          arch.core_energy.pj_per_moved_bit;
  const double pad_bits =
      8.0 * static_cast<double>(counts.scratchpad_read_bytes + counts.scratchpad_write_bytes);
  const double shared_bits =
      8.0 * static_cast<double>(counts.shared_read_bytes + counts.shared_write_bytes +
                                counts.shared_fill_bytes + counts.shared_writeback_bytes);
  const double outer_bits = 8.0 * static_cast<double>(counts.outer_read_bytes + counts.outer_write_bytes +
                                                      counts.outer_fill_bytes + counts.outer_writeback_bytes);
  const double shared_kib = arch.shared_buffer ? arch.shared_buffer->bank_kib : 0;
  const double outer_kib = arch.outer_buffers.empty() ? 0 : arch.outer_buffers[0].bank_kib;
  const double voltage = std::max(arch.min_voltage_share, clock_factor);
  const double on_chip = kPico * voltage * voltage;
  EnergyBreakdown e;
  e.compute = on_chip * arithmetic_pj;
  e.conversion = on_chip * conversion_pj;
  e.registers = on_chip * register_pj;
  e.sram = on_chip * (pad_bits * sram_pj_per_bit(table, arch.scratchpad_bank_kib) +
                      shared_bits * sram_pj_per_bit(table, shared_kib) +
                      outer_bits * sram_pj_per_bit(table, outer_kib));
  const double hop_pj_per_bit = table.wire_pj_per_bit_mm * arch.network.distance_mm +
                                (arch.network.routed ? table.router_pj_per_bit : 0);
  e.noc = on_chip * 8.0 * static_cast<double>(counts.noc_hop_bytes) * hop_pj_per_bit;
  const DramAccessEnergy& dram = arch.dram.energy;
  const double either_way = dram.io_pj_per_bit + dram.controller_pj_per_bit;
  e.dram =
      kPico * (static_cast<double>(counts.dram_activates) * dram.activate_pj +
               8.0 * static_cast<double>(counts.dram_read_bytes) * (dram.read_pj_per_bit + either_way) +
               8.0 * static_cast<double>(counts.dram_write_bytes) * (dram.write_pj_per_bit + either_way));
  e.link = kPico * 8.0 * static_cast<double>(counts.link_bytes) * arch.node.energy_pj_per_bit;
  return e;
}

EnergyBreakdown active_energy(double seconds, const ArchSpec& arch, double clock_factor) {
  const double voltage = std::max(arch.min_voltage_share, clock_factor);
  EnergyBreakdown e;
  e.static_power = arch.active_w * clock_factor * voltage * voltage * seconds;
  return e;
}

EnergyBreakdown total_energy(const EnergyBreakdown& dynamic, double seconds, std::uint32_t devices,
                             const ArchSpec& arch) {
  EnergyBreakdown e = dynamic;
  e.static_power += arch.static_w * seconds;
  e.supply += e.total() * (1 / arch.supply_efficiency - 1);
  return scaled(e, devices);
}

EnergyBreakdown energy(const ActivityCounts& counts, double seconds, std::uint32_t devices,
                       const ArchSpec& arch) {
  EnergyBreakdown chip = dynamic_energy(counts, arch);
  chip += active_energy(seconds, arch);
  return total_energy(chip, seconds, devices, arch);
}

}  // namespace orrery
