#include "sim/serve/distribution.h"

#include <gtest/gtest.h>

#include "sim/util/random.h"

namespace orrery::test {
namespace {

TEST(Distribution, PercentilesLieBetweenValuesAsNumPys) {
  Distribution d;
  for (int i = 100; i >= 1; --i) d.add(i);
  EXPECT_DOUBLE_EQ(d.mean(), 50.5);
  EXPECT_DOUBLE_EQ(d.percentile(0.5), 50.5);
  EXPECT_DOUBLE_EQ(d.percentile(0.99), 99.01);
  EXPECT_DOUBLE_EQ(d.percentile(1), 100);
}

TEST(Distribution, ManyValuesAreCountedInBinsOfAFifthOfAPercent) {
  Distribution d;
  RandomStream random(7);
  for (int i = 0; i < 300000; ++i) d.add(0.001 + random.uniform());
  EXPECT_NEAR(d.percentile(0.5), 0.501, 0.003 * 0.501 + 0.002);
  EXPECT_NEAR(d.percentile(0.99), 0.991, 0.003 * 0.991 + 0.002);
  EXPECT_EQ(d.count(), 300000U);
}

TEST(Distribution, ValuesCountAsOftenAsTheyAreAdded) {
  Distribution d;
  d.add(1, 3);
  d.add(2, 1);
  EXPECT_DOUBLE_EQ(d.mean(), 1.25);
  EXPECT_DOUBLE_EQ(d.percentile(0.5), 1);
}

TEST(Distribution, OfNothingIsNothing) {
  EXPECT_EQ(Distribution().percentile(0.5), 0);
  EXPECT_EQ(Distribution().mean(), 0);
}

}  // namespace
}  // namespace orrery::test
