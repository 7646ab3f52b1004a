#include "sim/serve/curve.h"

#include <gtest/gtest.h>

namespace orrery::test {
namespace {

TEST(Curve, MeansAreOfTheTimeTheyCover) {
  Curve c;
  c.add(0, 1, 2);
  c.add(1, 2, 4);
  EXPECT_NEAR(c.mean_between(0, 2), 3, 1e-9);
  EXPECT_NEAR(c.mean_between(0.5, 1.5), 3, 1e-6);
}

TEST(Curve, StretchesGrowWithTimeAndKeepTheirSum) {
  Curve c;
  for (int i = 0; i < 100000; ++i) c.add(i, i + 1, i % 2 == 0 ? 1 : 3);
  EXPECT_LE(c.size(), 128U);
  EXPECT_NEAR(c.mean_between(0, 100000), 2, 1e-6);
}

TEST(Curve, WhatIsAddedTwiceAddsUp) {
  Curve c;
  c.add(0, 1, 1);
  c.add(0, 1, 1);
  EXPECT_NEAR(c.mean_between(0, 1), 2, 1e-9);
}

}  // namespace
}  // namespace orrery::test
