#pragma once
// A step of ranks that do not all do the same: each goes through its own operators as their dependences
// allow, and those with a meeting begin when all that take part can.

#include <string>
#include <vector>

#include "sim/engine/rank_schedule.h"
#include "sim/stats/tally.h"

namespace orrery {

struct RankTimes {
  std::vector<double> waits;  // of each rank, until the last one is through
  double seconds = 0;         // until all are
};

// `own_s`: what each rank takes where nobody is waited for. Throws ConfigError where ranks wait for each
// other for good; `name`: of the trace.
RankTimes meet(const std::vector<RankStretch>& ranks, const std::vector<double>& own_s, bool side_by_side,
               const std::string& name);

// What a device takes for such a step: of its time, the rank that waits least; of the work, the mean.
Tally rank_step(const std::vector<Tally>& ranks, const RankTimes& times);

}  // namespace orrery
