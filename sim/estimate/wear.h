#pragma once
// How long cells that are written as they compute last.

#include <optional>

#include "sim/config/arch_spec.h"
#include "sim/stats/activity_counts.h"

namespace orrery {

// Years until the cells of a device's crossbars that are not in place are worn out, by its writes in so many
// seconds, again and again, spread evenly over them. None where nothing is written or no endurance is said.
std::optional<double> cell_life_years(const ArchSpec& arch, const ActivityCounts& counts, double seconds);

}  // namespace orrery
