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

// Everything a stretch of a kernel may do is taken back: contents, order, dirt.
TEST(TileLru, WhatWasRememberedIsUndone) {
  TileLru lru(100);
  lru.begin(8);
  lru.insert(0, 30);
  lru.insert(1, 30);
  lru.insert(2, 20);
  lru.mark_dirty(0);
  lru[1].ready = 7;
  lru.remember();
  lru.touch(0);
  EXPECT_EQ(lru.grow(2, 20), 0U);
  lru.insert(3, 60);  // all but the newest have to leave
  lru.mark_dirty(3);
  lru.insert(4, 100);
  lru.undo_to(0);
  lru.keep();
  EXPECT_EQ(lru.used(), 80U);
  EXPECT_EQ(lru[2].bytes, 20U);
  EXPECT_FALSE(lru.holds(3));
  EXPECT_TRUE(lru[0].dirty);
  EXPECT_EQ(lru[1].ready, 7);
  // In the order they had: 0 leaves first, then 1.
  EXPECT_EQ(lru.insert(5, 40), 30U);
  EXPECT_TRUE(lru.holds(1));
  lru.insert(6, 40);
  EXPECT_FALSE(lru.holds(1));
  EXPECT_TRUE(lru.holds(2));
}

TEST(TileLru, WhatIsKeptStays) {
  TileLru lru(100);
  lru.begin(4);
  lru.insert(0, 60);
  lru.remember();
  lru.insert(1, 60);
  lru.keep();
  EXPECT_FALSE(lru.holds(0));
  lru.remember();
  lru.touch(1);
  const std::size_t then = lru.changes();
  lru.insert(2, 20);
  lru.undo_to(then);  // a part
  EXPECT_FALSE(lru.holds(2));
  EXPECT_TRUE(lru.holds(1));
}

}  // namespace
}  // namespace orrery::test
