#include "sim/engine/rank_schedule.h"

#include <algorithm>
#include <array>
#include <queue>
#include <tuple>
#include <unordered_map>

namespace orrery {
namespace {

struct Member {
  std::size_t rank = 0, op = 0;
};

struct Meeting {
  std::size_t expected = 0;
  double seconds = 0;  // the longest of what those who take part say
  double ready = 0;    // when the last of them could begin
  std::vector<Member> here;
};

// What can begin: an operator of one rank, or a meeting whose members are all here.
struct Candidate {
  double start = 0;
  std::size_t order = 0;  // in its rank
  std::vector<Member> members;
  double seconds = 0, ready = 0;

  bool operator>(const Candidate& other) const {
    return std::tie(start, order) > std::tie(other.start, other.order);
  }
};

class Schedule {
 public:
  Schedule(const std::vector<RankStretch>& ranks, bool side_by_side)
      : ranks_(ranks), side_by_side_(side_by_side) {
    now_.resize(ranks.size());
    lines_.resize(ranks.size());
    for (std::size_t r = 0; r < ranks.size(); ++r) prepare(r);
    for (std::size_t r = 0; r < ranks.size(); ++r) {
      for (std::size_t i = 0; i < lines_[r].missing.size(); ++i) {
        if (lines_[r].missing[i] == 0) release(r, i);
      }
    }
  }

  // As far as it goes.
  void run() {
    while (!candidates_.empty()) {
      Candidate next = candidates_.top();
      candidates_.pop();
      const double start = start_of(next);
      if (start > next.start) {  // something else came between
        next.start = start;
        candidates_.push(std::move(next));
        continue;
      }
      for (const Member& m : next.members) finish(m, start + next.seconds);
    }
  }
  double seconds() const {
    double end = 0;
    for (const auto& lanes : now_) end = std::max({end, lanes[0], lanes[1]});
    return end;
  }
  // An operator that waits for others for good; none where all are done.
  std::optional<StuckOperator> stuck() const {
    for (std::size_t r = 0; r < lines_.size(); ++r) {
      for (std::size_t i = 0; i < lines_[r].done.size(); ++i) {
        if (!lines_[r].done[i] && lines_[r].missing[i] == 0) return StuckOperator{r, ranks_[r].begin + i};
      }
    }
    return std::nullopt;
  }

 private:
  // Of a rank: who uses what, and what each still waits for.
  struct Line {
    std::vector<std::vector<std::size_t>> users;
    std::vector<std::size_t> missing;
    std::vector<double> ready;
    std::vector<bool> done;
  };

  const std::vector<RankStretch>& ranks_;
  const bool side_by_side_;
  std::vector<std::array<double, 2>> now_;  // cores and links of each rank
  std::vector<Line> lines_;
  std::unordered_map<std::uint32_t, Meeting> meetings_;
  std::priority_queue<Candidate, std::vector<Candidate>, std::greater<Candidate>> candidates_;

  const Operator& op(const Member& m) const {
    return ranks_[m.rank].graph->operators[ranks_[m.rank].begin + m.op];
  }
  double& now(const Member& m) {
    return now_[m.rank][side_by_side_ && std::holds_alternative<CollectiveShape>(op(m).shape) ? 1 : 0];
  }

  void prepare(std::size_t r) {
    const std::size_t size = ranks_[r].seconds.size();
    Line& line = lines_[r];
    line.users.resize(size);
    line.missing.assign(size, 0);
    line.ready.assign(size, 0);
    line.done.assign(size, false);
    std::unordered_map<std::uint32_t, std::size_t> places;
    for (std::size_t i = 0; i < size; ++i) places[op({r, i}).id] = i;
    for (std::size_t i = 0; i < size; ++i) {
      for (const std::uint32_t dep : op({r, i}).deps) {
        const auto found = places.find(dep);
        if (found == places.end()) continue;  // before the stretch: done
        line.users[found->second].push_back(i);
        ++line.missing[i];
      }
      if (!op({r, i}).meeting) continue;
      Meeting& m = meetings_[*op({r, i}).meeting];
      ++m.expected;
      m.seconds = std::max(m.seconds, ranks_[r].seconds[i]);
    }
  }

  double start_of(const Candidate& c) {
    double start = c.ready;
    for (const Member& m : c.members) start = std::max(start, now(m));
    return start;
  }
  void offer(Candidate c) {
    c.start = start_of(c);
    candidates_.push(std::move(c));
  }

  // All that it waits for is done.
  void release(std::size_t r, std::size_t i) {
    const Member member{r, i};
    const double ready = lines_[r].ready[i];
    if (!op(member).meeting) {
      offer({0, i, {member}, ranks_[r].seconds[i], ready});
      return;
    }
    Meeting& m = meetings_.at(*op(member).meeting);
    m.here.push_back(member);
    m.ready = std::max(m.ready, ready);
    if (m.here.size() == m.expected) offer({0, i, m.here, m.seconds, m.ready});
  }

  void finish(const Member& m, double end) {
    now(m) = end;
    Line& line = lines_[m.rank];
    line.done[m.op] = true;
    for (const std::size_t user : line.users[m.op]) {
      line.ready[user] = std::max(line.ready[user], end);
      if (--line.missing[user] == 0) release(m.rank, user);
    }
  }
};

}  // namespace

RankSchedule schedule_ranks(const std::vector<RankStretch>& ranks, bool side_by_side) {
  Schedule schedule(ranks, side_by_side);
  schedule.run();
  return {schedule.seconds(), schedule.stuck()};
}

}  // namespace orrery
