#pragma once
// A chip at its power cap: the clock that a kernel keeps up. Silicon lowers its clock until the power fits;
// the kernel's own work at the nominal clock says how far.

#include "sim/config/arch_spec.h"
#include "sim/engine/machine.h"

namespace orrery {

// Watts of one chip that does `run` at `clock_factor` of its nominal clock in `seconds`.
double kernel_power_w(const ArchSpec& arch, const ActivityCounts& counts, double seconds,
                      double clock_factor);

// The largest clock factor (at most 1) at which a kernel that took `split` at `factor` stays under the cap,
// if what waits for cores, buffers and network slows down with the clock and the rest does not. 1 without a
// cap.
double capped_clock_factor(const ArchSpec& arch, const ActivityCounts& counts, const TimeSplit& split,
                           double factor);

}  // namespace orrery
