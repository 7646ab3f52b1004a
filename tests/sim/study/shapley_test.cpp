#include "sim/study/shapley.h"

#include <gtest/gtest.h>

namespace orrery {
namespace {

// Three players, one left glove and two right ones; a pair is worth 1: the left one's owner gets 2/3.
TEST(Shapley, GloveGame) {
  const auto pair = [](ChangeSet set) { return (set & 1U) != 0 && (set & 6U) != 0 ? 1.0 : 0.0; };
  const std::vector<double> shares = shapley_shares(3, pair);
  ASSERT_EQ(shares.size(), 3U);
  EXPECT_NEAR(shares[0], 4.0 / 6, 1e-15);
  EXPECT_NEAR(shares[1], 1.0 / 6, 1e-15);
  EXPECT_NEAR(shares[2], 1.0 / 6, 1e-15);
}

TEST(Shapley, ChangesThatDoNotActTogetherKeepTheirOwnEffect) {
  const std::vector<double> effect = {3, -1, 0.5, 8};
  const auto sum = [&](ChangeSet set) {
    double total = 10;
    for (std::size_t i = 0; i < effect.size(); ++i) total += (set >> i & 1U) != 0 ? effect[i] : 0;
    return total;
  };
  const std::vector<double> shares = shapley_shares(effect.size(), sum);
  for (std::size_t i = 0; i < effect.size(); ++i) EXPECT_NEAR(shares[i], effect[i], 1e-12);
}

// 2 and 5 times as fast: together 10 times, and who is first makes a difference.
TEST(Shapley, FactorsShareWhatTheyDoTogether) {
  const auto seconds = [](ChangeSet set) {
    return 10.0 / ((set & 1U) != 0 ? 2 : 1) / ((set & 2U) != 0 ? 5 : 1);
  };
  const std::vector<double> shares = shapley_shares(2, seconds);
  EXPECT_NEAR(shares[0], ((5 - 10) + (1 - 2)) / 2.0, 1e-12);
  EXPECT_NEAR(shares[1], ((2 - 10) + (1 - 5)) / 2.0, 1e-12);
  EXPECT_NEAR(shares[0] + shares[1], seconds(3) - seconds(0), 1e-12);
}

TEST(Shapley, NoChangesHaveNoShares) {
  EXPECT_TRUE(shapley_shares(0, [](ChangeSet) { return 1.0; }).empty());
}

}  // namespace
}  // namespace orrery
