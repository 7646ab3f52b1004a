#pragma once
// A step of ranks that do not all do the same: each goes through its own operators, and those with a meeting
// begin when all that take part have come to it.

#include <vector>

#include "sim/stats/tally.h"
#include "sim/workload/operator.h"

namespace orrery {

// A rank's operators in their order, and how long each takes.
struct RankWork {
  const OperatorGraph* graph = nullptr;
  std::vector<double> seconds;
};

struct RankTimes {
  std::vector<double> waits;  // of each rank, at its meetings and for the last one at the end
  double seconds = 0;         // until all are through
};

// Throws ConfigError where ranks wait for each other for good; `name`: of the trace.
RankTimes meet(const std::vector<RankWork>& ranks, const std::string& name);

// What a device takes for such a step: of its time, the rank that waits least; of the work, the mean.
Tally rank_step(const std::vector<Tally>& ranks, const RankTimes& times);

}  // namespace orrery
