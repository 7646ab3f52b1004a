#include "sim/stats/sharing.h"

#include <gtest/gtest.h>

namespace orrery::test {
namespace {

TEST(Sharing, KeepsTheSumTheLargestAndWhichItIs) {
  const Sharing sharing = sharing_of({3, 9, 0, 9});
  EXPECT_DOUBLE_EQ(sharing.sum, 21);
  EXPECT_DOUBLE_EQ(sharing.largest, 9);
  EXPECT_EQ(sharing.which, 1U);  // the first of them
  EXPECT_DOUBLE_EQ(sharing.mean(), 5.25);
  const Sharing more = completed(sharing, 61);
  EXPECT_DOUBLE_EQ(more.sum, 61);
  EXPECT_DOUBLE_EQ(more.largest, 19);
  EXPECT_EQ(sharing_of({}).instances, 0U);
  EXPECT_DOUBLE_EQ(completed(sharing_of({0, 0}), 40).sum, 0);  // it was none of theirs
}

TEST(Sharing, OneAfterTheOtherWaitsForTheBusiestOfEach) {
  Sharing both = sharing_of({3, 9});
  both += sharing_of({20, 1});
  EXPECT_DOUBLE_EQ(both.sum, 33);
  EXPECT_DOUBLE_EQ(both.largest, 29);
  EXPECT_EQ(both.which, 0U);  // of the larger part
  both += sharing_of({1, 2});
  EXPECT_EQ(both.which, 0U);
  const Sharing half = both * 0.5;
  EXPECT_DOUBLE_EQ(half.largest, 15.5);
  EXPECT_EQ(half.instances, 2U);
}

}  // namespace
}  // namespace orrery::test
