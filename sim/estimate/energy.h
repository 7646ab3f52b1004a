#pragma once
// Energy from counts and the machine, after the run: a new table re-reports an old run. Per action: MACs by
// format, vector operations, SRAM by the size of the accessed bank, network by wire length, DRAM and links by
// bit; registers, load path and issue by what the engines issued and the cores moved; static power by time.

#include "sim/config/arch_spec.h"
#include "sim/stats/run_result.h"

namespace orrery {

// Joules one chip spends on `counts` beyond its static power. On chip they go with the square of the voltage,
// which follows the clock (relative to nominal) down to the machine's least.
EnergyBreakdown dynamic_energy(const ActivityCounts& counts, const ArchSpec& arch, double clock_factor = 1);

// Joules a chip's clock tree and schedulers take while kernels run for `seconds`, as part of static power.
EnergyBreakdown active_energy(double seconds, const ArchSpec& arch, double clock_factor = 1);

// Of `devices` boards in all, static power over `seconds` and the regulators' losses included,
// from what one chip spends beyond its static power.
EnergyBreakdown total_energy(const EnergyBreakdown& dynamic, double seconds, std::uint32_t devices,
                             const ArchSpec& arch);

// Joules of `devices` chips that each did `counts` in `seconds` at the nominal clock.
EnergyBreakdown energy(const ActivityCounts& counts, double seconds, std::uint32_t devices,
                       const ArchSpec& arch);

// pJ a bit of an access to an SRAM bank of `kib` KiB: the table interpolated in the logarithm of the size,
// constant beyond its ends.
double sram_pj_per_bit(const EnergyTable& table, double kib);

}  // namespace orrery
