#pragma once
// The most that one replica serves within targets.

#include "sim/study/serve.h"

namespace orrery {

// Requests that reach a steady state of so many sequences at a time.
std::uint64_t trial_requests(double sequences);

// The highest rate at which so many of the requests keep the targets and the queue does not grow; the result
// at that rate, `highest_rate_per_s` in it (0: none keeps them, and the result is of the lowest tried).
// `load.rate`: where to begin; 0 = where an estimate without queues does. `load.requests`: that each rate is
// tried with; 0 = all of the trace, or as many as reach a steady state.
ServingResult highest_rate(ServingBench& bench, const LoadSpec& load, double good_share,
                           const Progress& progress);

}  // namespace orrery
