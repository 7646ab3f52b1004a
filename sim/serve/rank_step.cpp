#include "sim/serve/rank_step.h"

#include <fmt/format.h>

#include <algorithm>
#include <unordered_map>

#include "sim/util/errors.h"

namespace orrery {
namespace {

struct Meeting {
  std::uint32_t expected = 0;
  double seconds = 0;  // the longest of what those who take part say
  double begins = 0;
  std::vector<std::size_t> here;  // ranks
};

[[noreturn]] void throw_deadlock(const std::vector<RankWork>& ranks, const std::vector<std::size_t>& next,
                                 const std::string& name) {
  for (std::size_t r = 0; r < ranks.size(); ++r) {
    const auto& operators = ranks[r].graph->operators;
    if (next[r] == operators.size()) continue;
    const Operator& op = operators[next[r]];
    throw ConfigError(name, fmt::format("ranks wait for each other for good: rank {} is at {} (id {}), which "
                                        "the others come to after something that needs rank {}",
                                        r, to_string(op.kind), op.id, r));
  }
  throw ConfigError(name, "ranks wait for each other for good");
}

}  // namespace

RankTimes meet(const std::vector<RankWork>& ranks, const std::string& name) {
  std::unordered_map<std::uint32_t, Meeting> meetings;
  for (const RankWork& rank : ranks) {
    for (std::size_t i = 0; i < rank.graph->operators.size(); ++i) {
      const Operator& op = rank.graph->operators[i];
      if (!op.meeting) continue;
      Meeting& m = meetings[*op.meeting];
      ++m.expected;
      m.seconds = std::max(m.seconds, rank.seconds[i]);
    }
  }
  RankTimes times;
  times.waits.assign(ranks.size(), 0);
  std::vector<double> now(ranks.size(), 0);
  std::vector<std::size_t> next(ranks.size(), 0);
  std::vector<std::size_t> ready;  // ranks that can go on
  for (std::size_t r = ranks.size(); r-- > 0;) ready.push_back(r);
  std::size_t through = 0;
  while (!ready.empty()) {
    const std::size_t r = ready.back();
    ready.pop_back();
    const auto& operators = ranks[r].graph->operators;
    for (; next[r] < operators.size() && !operators[next[r]].meeting; ++next[r])
      now[r] += ranks[r].seconds[next[r]];
    if (next[r] == operators.size()) {
      ++through;
      continue;
    }
    Meeting& m = meetings.at(*operators[next[r]].meeting);
    m.here.push_back(r);
    m.begins = std::max(m.begins, now[r]);
    if (m.here.size() < m.expected) continue;
    for (const std::size_t member : m.here) {
      const double own = ranks[member].seconds[next[member]];
      times.waits[member] += m.begins - now[member] + m.seconds - own;
      now[member] = m.begins + m.seconds;
      ++next[member];
      ready.push_back(member);
    }
  }
  if (through < ranks.size()) throw_deadlock(ranks, next, name);
  times.seconds = *std::max_element(now.begin(), now.end());
  for (std::size_t r = 0; r < ranks.size(); ++r) times.waits[r] += times.seconds - now[r];
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
