#pragma once
// A chip at its power cap: the clock that a kernel keeps up. Silicon lowers its clock until the power fits;
// the kernel's own work says how far.

#include <functional>

#include "sim/config/arch_spec.h"
#include "sim/engine/machine.h"
#include "sim/engine/roofline.h"

namespace orrery {

// Watts of one chip that does `counts` at `clock_factor` of its nominal clock in `seconds`.
double kernel_power_w(const ArchSpec& arch, const ActivityCounts& counts, double seconds,
                      double clock_factor);

// Throws ConfigError: the cap is not above what the machine draws at rest.
void check_power_cap(const ArchSpec& arch);

// A run at the clock that the cap allows, as a factor of the nominal one.
struct CappedRun {
  ProgramOutcome run;
  double clock_factor = 1;
};

// Finds the largest clock, in steps of half a per cent, at which the kernel's power keeps under the cap, to
// within a per cent of clock or of the cap; no clock is run twice. `run_at` simulates at a factor, first at
// `first_factor` (a guess). `what` names the kernel. The search ends, at whatever clock it has come to, where
// the kernel will take longer than `limit_s` (0 = none). Throws ConfigError when not even the least clock
// keeps the cap.
CappedRun run_under_cap(const ArchSpec& arch, const std::string& what,
                        const std::function<ProgramOutcome(double)>& run_at, double first_factor = 1,
                        double limit_s = 0);

// Where that search may begin: the factor at which a kernel that does about `counts` in `seconds` at the
// nominal clock, `dram_s` of them its memory's, would keep the cap; 1 without one.
double guess_clock(const ArchSpec& arch, const ActivityCounts& counts, double seconds, double dram_s);

// The bound of a kernel on a machine with a cap: at the best of all clocks, neither faster than its work
// allows at that clock nor than its least energy, drawn at the cap. Throws as run_under_cap().
struct CappedBound {
  double seconds = 0;
  double clock_factor = 1;
};
CappedBound bound_under_cap(const ArchSpec& arch, const std::string& what, const RooflineBound& bound);

}  // namespace orrery
