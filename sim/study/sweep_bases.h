#pragma once
// What a sweep is of: whole configurations of each machine with each model and scenario, or of the options of
// a cost scenario.

#include "sim/config/config_document.h"
#include "sim/study/sweep_spec.h"

namespace orrery {

// Fills the bases, and the constraint that a cost scenario brings along: a point that misses its latency
// target does not count. Throws ConfigError with file:line.
void read_bases(const ConfigDocument& document, SweepSpec& spec);

}  // namespace orrery
