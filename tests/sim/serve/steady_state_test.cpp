#include "sim/serve/steady_state.h"

#include <gtest/gtest.h>

#include "tests/support/fixed_costs.h"

namespace orrery::test {
namespace {

Deployment of_blocks(std::uint64_t blocks) {
  Deployment d;
  d.replica.cache.blocks = blocks;
  d.replica.limits.sequences = 1000;
  return d;
}

TEST(SteadyState, SequencesAreAsManyAsTheTargetsLet) {
  FixedCosts costs(0.01, 0.0001);
  RequestTargets targets;
  targets.tpot_s = 0.03;
  const SteadyState s = steady_state(of_blocks(1000000), costs, 100, 100, targets);
  // n decode in 10 ms + 0.1 ms each, and n prompts of 20 ms come in 100 steps.
  EXPECT_LE(s.tpot_s, 0.03);
  EXPECT_NEAR(s.sequences, 0.02 / (0.0001 + 0.0002), 16);
  EXPECT_NEAR(s.requests_per_s, s.sequences / (s.ttft_s + 99 * s.tpot_s), 1e-9);
}

TEST(SteadyState, OrAsTheCacheHolds) {
  FixedCosts costs(0.01);
  EXPECT_LE(steady_state(of_blocks(13 * 10), costs, 100, 100, {}).sequences, 10);
}

// Of ten sequences that each write 100 tokens, prompts of 1,000 take 20 ms and steps 10.1 ms; through two
// stages half of that each, five sequences at a time, and a token takes both.
TEST(SteadyState, PromptsTakeTheirShareOfTheTime) {
  FixedCosts costs(0.01, 1e-5);
  EXPECT_NEAR(prompt_share(of_blocks(1000000), costs, 1000, 100, 10), 0.02 / (0.02 + 0.0101 * 10), 1e-9);
  FixedCosts halves(0.01, 1e-5, 2);
  Deployment staged = of_blocks(1000000);
  staged.replica.stages = 2;
  EXPECT_NEAR(prompt_share(staged, halves, 1000, 100, 10), 0.01 / (0.01 + 0.01005 * 10), 1e-9);
}

TEST(SteadyState, ATokenGoesThroughAllStages) {
  FixedCosts costs(0.01);
  Deployment one = of_blocks(1000000);
  one.replica.limits.sequences = 1;
  Deployment staged = one;
  staged.replica.stages = 4;
  FixedCosts quarters(0.01, 0, 4);
  EXPECT_NEAR(steady_state(staged, quarters, 10, 1000, {}).tpot_s,
              steady_state(one, costs, 10, 1000, {}).tpot_s, 1e-4);
}

TEST(SteadyState, IsNoneWhereOneMissesThem) {
  FixedCosts costs(0.01);
  RequestTargets targets;
  targets.ttft_s = 0.005;
  EXPECT_EQ(steady_state(of_blocks(1000), costs, 100, 100, targets).requests_per_s, 0);
}

}  // namespace
}  // namespace orrery::test
