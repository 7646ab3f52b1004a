#include "sim/serve/rank_step.h"

#include <gtest/gtest.h>

#include <numeric>

#include "tests/support/config_error.h"

namespace orrery::test {
namespace {

// A rank of operators that take so long each, with the meetings of those that have one (-1: none).
struct Rank {
  OperatorGraph graph;
  std::vector<double> seconds;

  // `chained`: each waits for the one before.
  explicit Rank(const std::vector<std::pair<double, int>>& operators, bool chained = true) {
    for (const auto& [time, meeting] : operators) {
      Operator op;
      op.id = static_cast<std::uint32_t>(graph.operators.size());
      if (meeting >= 0) op.meeting = static_cast<std::uint32_t>(meeting);
      if (chained && op.id > 0) op.deps = {op.id - 1};
      graph.operators.push_back(op);
      seconds.push_back(time);
    }
  }
};

RankTimes met(const std::vector<Rank>& ranks) {
  std::vector<RankStretch> work;
  std::vector<double> own_s;
  for (const Rank& rank : ranks) {
    work.push_back({&rank.graph, 0, rank.seconds});
    own_s.push_back(std::accumulate(rank.seconds.begin(), rank.seconds.end(), 0.0));
  }
  return meet(work, own_s, false, "trace");
}

TEST(RankStep, TheLastToComeSetsWhenAMeetingBegins) {
  // 3 and 5 of their own, 2 together, 1 of the first's own.
  const RankTimes times = met({Rank({{3, -1}, {2, 7}, {1, -1}}), Rank({{5, -1}, {2, 7}})});
  EXPECT_DOUBLE_EQ(times.seconds, 8);
  EXPECT_DOUBLE_EQ(times.waits[0], 2);
  EXPECT_DOUBLE_EQ(times.waits[1], 1);
}

// Four stages of one second that hand three rows on: the closed form of a pipeline.
TEST(RankStep, SendsAndReceivesMakeAPipeline) {
  std::vector<Rank> ranks;
  for (int stage = 0; stage < 4; ++stage) {
    std::vector<std::pair<double, int>> operators;
    for (int row = 0; row < 3; ++row) {
      if (stage > 0) operators.push_back({0, 10 * row + stage});
      operators.push_back({1, -1});
      if (stage < 3) operators.push_back({0, 10 * row + stage + 1});
    }
    ranks.emplace_back(operators);
  }
  EXPECT_DOUBLE_EQ(met(ranks).seconds, 4 + 3 - 1);
}

// Sends and receives of a ring that nothing orders: each rank does two transfers, one after the other.
TEST(RankStep, ARingOfUnorderedTransfersIsNoDeadlock) {
  std::vector<Rank> ranks;
  for (int r = 0; r < 4; ++r)
    ranks.emplace_back(std::vector<std::pair<double, int>>{{1, r}, {1, (r + 3) % 4}}, false);
  EXPECT_DOUBLE_EQ(met(ranks).seconds, 2);
}

TEST(RankStep, RanksThatWaitForEachOtherAreRefused) {
  const std::string error = config_error([] { met({Rank({{1, 1}, {1, 2}}), Rank({{1, 2}, {1, 1}})}); });
  EXPECT_NE(error.find("trace: ranks wait for each other for good: rank 0"), std::string::npos) << error;
}

}  // namespace
}  // namespace orrery::test
