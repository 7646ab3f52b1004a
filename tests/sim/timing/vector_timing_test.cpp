#include "sim/timing/vector_timing.h"

#include <gtest/gtest.h>

namespace orrery::test {
namespace {

const VectorUnitSpec kUnit = {16, 4, 5, 0};
const VectorCost kRmsnorm = {3, 0, 1, 1, 4};

TEST(VectorTiming, ElementWiseWorkTakesItsLanesAndOneLatency) {
  // 4 x 32 additions on 16 lanes, latency 5.
  EXPECT_EQ(vector_work(kUnit, kAddCost, 4, 32).cycles.value(), 8U + 5);
  EXPECT_EQ(vector_work(kUnit, kAddCost, 4, 32).simple_ops, 128U);
}

TEST(VectorTiming, TranscendentalsSetThePaceOfSoftmaxOnANarrowUnit) {
  // 64 exponentials and one reciprocal on 4 lanes: ceil(65/4) = 17 > 4 x 4 lane cycles; two trees of 4
  // levels.
  const VectorWork work = vector_work(kUnit, kSoftmaxCost, 1, 64);
  EXPECT_EQ(work.transcendental_ops, 65U);
  EXPECT_EQ(work.cycles.value(), 17U + 5 * (1 + 2 * 4));
}

TEST(VectorTiming, ALoneAccumulatorMakesEachGroupOfLanesWaitForTheSumBeforeIt) {
  VectorUnitSpec unit = kUnit;
  unit.accumulators = 1;
  const std::uint64_t hidden = vector_work(kUnit, kRmsnorm, 1, 64).cycles.value();
  // One row: 4 groups, each 5 - 1 cycles late. Five rows interleave and hide it.
  EXPECT_EQ(vector_work(unit, kRmsnorm, 1, 64).cycles.value(), hidden + 4 * 4);
  EXPECT_EQ(vector_work(unit, kRmsnorm, 5, 64).cycles.value(),
            vector_work(kUnit, kRmsnorm, 5, 64).cycles.value());
  EXPECT_EQ(vector_work(unit, kAddCost, 1, 64).cycles.value(),
            vector_work(kUnit, kAddCost, 1, 64).cycles.value());
}

TEST(VectorTiming, RowsAreCounted) {
  EXPECT_EQ(vector_work(kUnit, kRmsnorm, 10, 64).transcendental_ops, 10U);
  EXPECT_EQ(vector_work(kUnit, kCopyCost, 10, 64).cycles.value(), 0U);
}

}  // namespace
}  // namespace orrery::test
