#include "sim/serve/rank_step.h"

#include <fmt/format.h>

#include <algorithm>

#include "sim/util/errors.h"

namespace orrery {
RankTimes meet(const std::vector<RankStretch>& ranks, const std::vector<double>& own_s, bool side_by_side,
               const std::string& name) {
  const RankSchedule schedule = schedule_ranks(ranks, side_by_side);
  if (schedule.stuck) {
    const auto [rank, place] = *schedule.stuck;
    const Operator& op = ranks[rank].graph->operators[place];
    throw ConfigError(
        name, fmt::format("ranks wait for each other for good: rank {} is at {} (id {}), which others come "
                          "to after something that needs rank {}",
                          rank, to_string(op.kind), op.id, rank));
  }
  RankTimes times;
  times.seconds = schedule.seconds;
  for (const double own : own_s) times.waits.push_back(std::max(0.0, times.seconds - own));
  return times;
}

Tally rank_step(const std::vector<Tally>& ranks, const RankTimes& times) {
  const auto busiest = static_cast<std::size_t>(std::min_element(times.waits.begin(), times.waits.end()) -
                                                times.waits.begin());
  Tally step = ranks[busiest];
  step.add(TimeCategory::wait, times.waits[busiest]);
  Tally work;
  for (const Tally& rank : ranks) work += rank;
  return step.with_work_of(work, ranks.size());
}

}  // namespace orrery
