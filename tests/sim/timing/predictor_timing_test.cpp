#include "sim/timing/predictor_timing.h"

#include <gtest/gtest.h>

#include <cmath>

namespace orrery::test {
namespace {

ScorePredictorSpec keeps(double share) {
  ScorePredictorSpec spec;
  spec.kept_share = share;
  spec.pairs_per_cycle = 4;
  return spec;
}

TEST(PredictorTiming, TheFullestOfTheQueriesInStepHoldsTheOthersUp) {
  ScorePredictorSpec spec = keeps(0.25);
  EXPECT_EQ(computed_keys(spec, 64, 64), 16U);
  EXPECT_EQ(computed_keys(spec, 0, 64), 0U);
  spec.queries_in_step = 64;  // 16 + sqrt(2 x 64 x 0.25 x 0.75 x ln 64) = 25.99
  EXPECT_EQ(computed_keys(spec, 64, 64), 26U);
  EXPECT_EQ(computed_keys(spec, 64, 1), 16U);  // one query alone waits for nobody
  spec.filled_share = 0.5;
  EXPECT_EQ(computed_keys(spec, 64, 64), 52U);
  spec.filled_share = 0.1;
  EXPECT_EQ(computed_keys(spec, 64, 64), 64U);
  EXPECT_EQ(computed_keys(keeps(1), 64, 64), 64U);
}

TEST(PredictorTiming, EstimatesTakeTheirOwnTime) {
  EXPECT_DOUBLE_EQ(predictor_cycles(keeps(0.5), 2, 5).value(), 2.5);
}

// Written once, searched by each query; more keys than it holds are searched in turns.
TEST(PredictorTiming, AMemorySearchedByContentFindsAllKeysAtOnce) {
  ScorePredictorSpec spec = keeps(0.5);
  spec.searched_keys = 64;
  spec.search_cycles = 3;
  spec.write_cycles = 2;
  EXPECT_DOUBLE_EQ(predictor_cycles(spec, 10, 64).value(), 10 * 3 + 64 * 2);
  EXPECT_DOUBLE_EQ(predictor_cycles(spec, 10, 65).value(), 10 * 2 * 3 + 65 * 2);
  EXPECT_DOUBLE_EQ(predictor_cycles(spec, 1, 8).value(), 3 + 16);
}

TEST(PredictorTiming, QueriesThatChooseForThemselvesNeedMoreKeysTogether) {
  EXPECT_DOUBLE_EQ(kept_by_any(keeps(0.5), 1), 0.5);
  EXPECT_DOUBLE_EQ(kept_by_any(keeps(0.5), 3), 0.875);
  EXPECT_EQ(kept_macs(keeps(0.3), 1001), 301U);
}

}  // namespace
}  // namespace orrery::test
