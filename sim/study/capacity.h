#pragma once
// The most that one replica serves within targets.

#include "sim/study/serve.h"

namespace orrery {

// The highest rate at which so many of the requests keep the targets and the queue does not grow; the result
// at that rate, `highest_rate_per_s` in it (0: none keeps them, and the result is of the lowest tried).
// `load.rate`: where to begin; 0 = at one request a second.
ServingResult highest_rate(ServingBench& bench, const LoadSpec& load, double good_share,
                           const Progress& progress);

}  // namespace orrery
