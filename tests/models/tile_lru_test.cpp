#include "models/memory/tile_lru.h"

#include <gtest/gtest.h>

namespace orrery::test {
namespace {

TEST(TileLru, EvictsTheLeastRecentlyUsedByBytes) {
  TileLru lru(100);
  lru.begin(5);
  EXPECT_EQ(lru.insert(0, 40), 0U);
  EXPECT_EQ(lru.insert(1, 40), 0U);
  lru.touch(0);
  EXPECT_EQ(lru.insert(2, 40), 0U);  // 1 is older than 0
  EXPECT_TRUE(lru.holds(0));
  EXPECT_FALSE(lru.holds(1));
  EXPECT_EQ(lru.used(), 80U);
  lru.insert(3, 70);  // one eviction is not enough
  EXPECT_FALSE(lru.holds(0));
  EXPECT_FALSE(lru.holds(2));
  EXPECT_EQ(lru.used(), 70U);
}

TEST(TileLru, ReportsTheDirtyBytesThatLeave) {
  TileLru lru(100);
  lru.begin(4);
  lru.insert(0, 60);
  lru[0].dirty = true;
  lru.insert(1, 30);
  EXPECT_EQ(lru.insert(2, 50), 60U);
  EXPECT_EQ(lru.insert(3, 90), 0U);  // clean ones leave for free
}

TEST(TileLru, APartlyPresentTileGrows) {
  TileLru lru(100);
  lru.begin(3);
  lru.insert(0, 50);
  lru.insert(1, 40);
  EXPECT_EQ(lru.grow(1, 20), 0U);
  EXPECT_FALSE(lru.holds(0));
  EXPECT_EQ(lru[1].bytes, 60U);
  EXPECT_EQ(lru.used(), 60U);
}

}  // namespace
}  // namespace orrery::test
