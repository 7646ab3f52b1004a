#pragma once
// What the blocks of a machine do, how often, and what each takes: energy is the sum of actions times prices.
// A block that is new adds its actions here, with their price from the energy table or its own spec.

#include <cmath>
#include <vector>

#include "sim/config/arch_spec.h"
#include "sim/stats/activity_counts.h"
#include "sim/stats/energy_breakdown.h"
#include "sim/stats/run_result.h"
#include "sim/stats/sharing.h"

namespace orrery {

struct Action {
  const char* block;
  const char* name;
  const char* unit;
  double count;
  double pj;  // of one, at the nominal voltage
  EnergyPart part;
};

// pJ a bit of an access to an SRAM bank of `kib` KiB: the table interpolated in the logarithm of the size,
// constant beyond its ends.
double sram_pj_per_bit(const EnergyTable& table, double kib);

// pJ of a multiply of a format and its addition, at the nominal voltage.
double mac_pj(const EnergyTable& table, const CoreEnergySpec& core, DType dtype);

// Calls visit(action) for each action of each block, those that did not happen included.
template <class Visit>
void for_each_action(const ActivityCounts& counts, const ArchSpec& arch, Visit visit) {
  const auto act = [&visit](const char* block, const char* name, const char* unit, double count, double pj,
                            EnergyPart part) {
    visit(Action{block, name, unit, count, pj, part});
  };
  const auto number = [](std::uint64_t n) { return static_cast<double>(n); };
  const auto bits = [](std::uint64_t bytes) { return 8.0 * static_cast<double>(bytes); };
  const EnergyTable& table = arch.energy;
  const CoreEnergySpec& core = arch.core_energy;

  act("vector_unit", "operation", "operations", number(counts.vector_ops), table.vector_op_pj,
      EnergyPart::compute);
  act("vector_unit", "transcendental", "operations", number(counts.transcendental_ops),
      table.transcendental_op_pj, EnergyPart::compute);
  const auto* crossbar = std::get_if<CrossbarSpec>(&arch.cores.matrix);
  for (std::size_t d = 0; d < kDTypeCount; ++d) {
    act("matrix_engine", to_string(static_cast<DType>(d)), "MACs", number(counts.macs[d]),
        crossbar != nullptr ? crossbar->cell_mac_pj : mac_pj(table, core, static_cast<DType>(d)),
        EnergyPart::compute);
  }
  if (crossbar != nullptr) {
    const double adc_fj = crossbar->adc_fj_per_step > 0 ? crossbar->adc_fj_per_step : table.adc_fj_per_step;
    act("matrix_engine", "dac", "conversions", number(counts.dac_conversions),
        1e-3 * table.dac_fj_per_step * std::exp2(crossbar->dac_bits), EnergyPart::conversion);
    act("matrix_engine", "adc", "conversions", number(counts.adc_conversions),
        1e-3 * adc_fj * std::exp2(crossbar->adc_bits), EnergyPart::conversion);
    act("matrix_engine", "write", "cells", number(counts.cells_written), crossbar->cell_write_pj,
        EnergyPart::compute);
  }
  if (arch.cores.predictor)
    act("score_predictor", "estimate", "pairs", number(counts.predicted_pairs), arch.cores.predictor->pair_pj,
        EnergyPart::compute);
  act("core", "issue_mac", "16-bit MACs", number(counts.issued_macs), core.pj_per_mac, EnergyPart::registers);
  act("core", "issue_vector_op", "operations", number(counts.vector_ops + counts.transcendental_ops),
      core.pj_per_vector_op, EnergyPart::registers);
  act("core", "move", "bits", bits(counts.requested_read_bytes + counts.requested_write_bytes),
      core.pj_per_moved_bit, EnergyPart::registers);
  act("scratchpad", "access", "bits", bits(counts.scratchpad_read_bytes + counts.scratchpad_write_bytes),
      sram_pj_per_bit(table, arch.scratchpad_bank_kib), EnergyPart::sram);
  for (std::size_t i = 0; i < arch.shared_levels.size(); ++i) {
    act(arch.shared_levels[i].name.c_str(), "access", "bits", bits(counts.levels[i].moved_bytes()),
        sram_pj_per_bit(table, arch.shared_levels[i].bank_kib), EnergyPart::sram);
  }
  act("network", "hop", "bits", bits(counts.noc_hop_bytes),
      table.wire_pj_per_bit_mm * arch.network.distance_mm +
          (arch.network.routed ? table.router_pj_per_bit : 0),
      EnergyPart::noc);
  const DramAccessEnergy& dram = arch.dram.energy;
  const double either_way = dram.io_pj_per_bit + dram.controller_pj_per_bit;
  act("dram", "activate", "rows", number(counts.dram_activates), dram.activate_pj, EnergyPart::dram);
  act("dram", "read", "bits", bits(counts.dram_read_bytes), dram.read_pj_per_bit + either_way,
      EnergyPart::dram);
  act("dram", "write", "bits", bits(counts.dram_write_bytes), dram.write_pj_per_bit + either_way,
      EnergyPart::dram);
  if (arch.dram.pim) {
    act("pim", "mac", "MACs", number(counts.pim_macs), arch.dram.pim->mac_pj, EnergyPart::compute);
    act("pim", "read", "bits", bits(counts.pim_array_bytes), arch.dram.pim->read_pj_per_bit,
        EnergyPart::dram);
    act("pim", "bus", "bits", bits(counts.pim_bus_bytes), either_way, EnergyPart::dram);
  }
  act("storage", "read", "bits", bits(counts.storage_bytes), arch.storage ? arch.storage->read_pj_per_bit : 0,
      EnergyPart::storage);
  act("link", "send", "bits", bits(counts.link_bytes), arch.node.energy_pj_per_bit, EnergyPart::link);
}

// The actions that happened.
std::vector<ActionFigure> action_figures(const ActivityCounts& counts, const ArchSpec& arch);
// How cores and channels shared theirs.
std::vector<SharingFigure> sharing_figures(const WorkSharing& sharing);

}  // namespace orrery
