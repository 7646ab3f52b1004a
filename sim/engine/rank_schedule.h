#pragma once
// When operators begin that wait for each other: on one device, whose cores and links may work side by side,
// or on several that come together at their meetings.

#include <optional>
#include <vector>

#include "sim/workload/operator.h"

namespace orrery {

// A stretch of a rank's operators: as many as `seconds`, which say how long each takes. What lies before it
// is done.
struct RankStretch {
  const OperatorGraph* graph = nullptr;
  std::size_t begin = 0;
  std::vector<double> seconds;
};

struct StuckOperator {
  std::size_t rank = 0, op = 0;  // its place in the rank's graph
};

struct RankSchedule {
  double seconds = 0;                  // until all are through
  std::optional<StuckOperator> stuck;  // where ranks wait for each other for good
};

// `side_by_side`: links work beside cores; else a rank does one operator at a time. Of those that can begin
// first the first in its order does.
RankSchedule schedule_ranks(const std::vector<RankStretch>& ranks, bool side_by_side);

}  // namespace orrery
