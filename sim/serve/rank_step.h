#pragma once
// A step of ranks that do not all do the same: each goes through its own operators as their dependences
// allow, and those with a meeting begin when all that take part can.

#include <vector>

#include "sim/stats/tally.h"
#include "sim/workload/operator.h"

namespace orrery {

// A rank's operators, how long each takes, and how long all of them where nobody is waited for.
struct RankWork {
  const OperatorGraph* graph = nullptr;
  std::vector<double> seconds;
  double own_s = 0;
};

struct RankTimes {
  std::vector<double> waits;  // of each rank, until the last one is through
  double seconds = 0;         // until all are
};

// `side_by_side`: links work beside cores; else a rank does one operator at a time, of those that can begin
// the first in its order. Throws ConfigError where ranks wait for each other for good; `name`: of the trace.
RankTimes meet(const std::vector<RankWork>& ranks, bool side_by_side, const std::string& name);

// What a device takes for such a step: of its time, the rank that waits least; of the work, the mean.
Tally rank_step(const std::vector<Tally>& ranks, const RankTimes& times);

}  // namespace orrery
