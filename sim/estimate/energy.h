#pragma once
// Energy from counts and the machine, after the run: a new table re-reports an old run. The sum of what its
// blocks did times what each action takes (sim/estimate/actions.h), static power by time, and losses.

#include "sim/config/arch_spec.h"
#include "sim/stats/activity_counts.h"
#include "sim/stats/energy_breakdown.h"

namespace orrery {

// The parts that `devices` of the machine have, whose actions all cost nothing.
EnergyParts parts_not_modelled(const ArchSpec& arch, std::uint32_t devices);

// What one chip spends on `counts` beyond its static power. On chip they go with the square of the voltage,
// which follows the clock (relative to nominal) down to the machine's least.
EnergyBreakdown dynamic_energy(const ActivityCounts& counts, const ArchSpec& arch, double clock_factor = 1);

// What a chip's clock tree and schedulers take while kernels run for `seconds`, as part of static power.
EnergyBreakdown active_energy(double seconds, const ArchSpec& arch, double clock_factor = 1);

// Of `devices` boards in all, static power over `seconds` and the regulators' losses included,
// from what one chip spends beyond its static power.
EnergyBreakdown total_energy(const EnergyBreakdown& dynamic, double seconds, std::uint32_t devices,
                             const ArchSpec& arch);

// The same of a sum that nobody splits.
Joules total_energy(Joules dynamic, double seconds, std::uint32_t devices, const ArchSpec& arch);

// The same for a result, which says what is not modelled.
EnergyBreakdown reported_energy(const EnergyBreakdown& dynamic, double seconds, std::uint32_t devices,
                                const ArchSpec& arch);

// Of `devices` chips that each did `counts` in `seconds` at the nominal clock.
EnergyBreakdown energy(const ActivityCounts& counts, double seconds, std::uint32_t devices,
                       const ArchSpec& arch);

}  // namespace orrery
