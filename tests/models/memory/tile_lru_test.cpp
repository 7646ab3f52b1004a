#include "models/memory/tile_lru.h"

#include <gtest/gtest.h>

#include <vector>

namespace orrery::test {
namespace {

TEST(TileLru, EvictsTheLeastRecentlyUsedByBytes) {
  TileLru lru(Bytes{100});
  lru.begin(5);
  EXPECT_EQ(lru.insert(0, Bytes{40}), Bytes{0});
  EXPECT_EQ(lru.insert(1, Bytes{40}), Bytes{0});
  lru.touch(0);
  EXPECT_EQ(lru.insert(2, Bytes{40}), Bytes{0});  // 1 is older than 0
  EXPECT_TRUE(lru.holds(0));
  EXPECT_FALSE(lru.holds(1));
  EXPECT_EQ(lru.used(), Bytes{80});
  lru.insert(3, Bytes{70});  // one eviction is not enough
  EXPECT_FALSE(lru.holds(0));
  EXPECT_FALSE(lru.holds(2));
  EXPECT_EQ(lru.used(), Bytes{70});
}

TEST(TileLru, ReportsTheDirtyBytesThatLeave) {
  TileLru lru(Bytes{100});
  lru.begin(4);
  lru.insert(0, Bytes{60});
  lru[0].dirty = true;
  lru.insert(1, Bytes{30});
  EXPECT_EQ(lru.insert(2, Bytes{50}), Bytes{60});
  EXPECT_EQ(lru.insert(3, Bytes{90}), Bytes{0});  // clean ones leave for free
}

TEST(TileLru, APartlyPresentTileGrows) {
  TileLru lru(Bytes{100});
  lru.begin(3);
  lru.insert(0, Bytes{50});
  lru.insert(1, Bytes{40});
  EXPECT_EQ(lru.grow(1, Bytes{20}), Bytes{0});
  EXPECT_FALSE(lru.holds(0));
  EXPECT_EQ(lru[1].bytes, Bytes{60});
  EXPECT_EQ(lru.used(), Bytes{60});
}

// Everything a stretch of a kernel may do is taken back: contents, order, dirt.
TEST(TileLru, WhatWasRememberedIsUndone) {
  TileLru lru(Bytes{100});
  lru.begin(8);
  lru.insert(0, Bytes{30});
  lru.insert(1, Bytes{30});
  lru.insert(2, Bytes{20});
  lru.mark_dirty(0);
  lru[1].ready = 7;
  lru.remember();
  lru.touch(0);
  EXPECT_EQ(lru.grow(2, Bytes{20}), Bytes{0});
  lru.insert(3, Bytes{60});  // all but the newest have to leave
  lru.mark_dirty(3);
  lru.insert(4, Bytes{100});
  lru.undo_to(0);
  lru.keep();
  EXPECT_EQ(lru.used(), Bytes{80});
  EXPECT_EQ(lru[2].bytes, Bytes{20});
  EXPECT_FALSE(lru.holds(3));
  EXPECT_TRUE(lru[0].dirty);
  EXPECT_EQ(lru[1].ready, 7);
  // In the order they had: 0 leaves first, then 1.
  EXPECT_EQ(lru.insert(5, Bytes{40}), Bytes{30});
  EXPECT_TRUE(lru.holds(1));
  lru.insert(6, Bytes{40});
  EXPECT_FALSE(lru.holds(1));
  EXPECT_TRUE(lru.holds(2));
}

// A long record forgets its middle; what there was at first and the latest changes it still takes back.
TEST(TileLru, ALongRecordKeepsItsEnds) {
  constexpr std::size_t kBlock = 10;
  TileLru lru(Bytes{100}, kBlock);
  lru.begin(50);
  lru.insert(0, Bytes{60});
  lru.insert(1, Bytes{40});
  lru.mark_dirty(0);
  lru.remember();
  std::vector<std::size_t> points;
  for (std::uint32_t i = 2; i < 50; ++i) {
    points.push_back(lru.changes());
    lru.insert(i, Bytes{20});
  }
  EXPECT_TRUE(lru.reaches(0));
  EXPECT_FALSE(lru.reaches(points[5]));
  EXPECT_TRUE(lru.reaches(lru.changes() - kBlock));
  const std::size_t latest = points[45];  // before 47
  lru.undo_to(latest);
  EXPECT_EQ(lru.changes(), latest);
  EXPECT_TRUE(lru.holds(46));
  EXPECT_TRUE(lru.holds(42));
  EXPECT_FALSE(lru.holds(47));
  EXPECT_FALSE(lru.holds(41));
  lru.undo_to(0);
  EXPECT_EQ(lru.changes(), 0U);
  EXPECT_EQ(lru.used(), Bytes{100});
  EXPECT_TRUE(lru[0].dirty);
  EXPECT_FALSE(lru.holds(46));
  EXPECT_EQ(lru.insert(2, Bytes{20}), Bytes{60});  // the oldest, which is dirty
  EXPECT_EQ(lru.changes(), 2U);
}

TEST(TileLru, WhatIsKeptStays) {
  TileLru lru(Bytes{100});
  lru.begin(4);
  lru.insert(0, Bytes{60});
  lru.remember();
  lru.insert(1, Bytes{60});
  lru.keep();
  EXPECT_FALSE(lru.holds(0));
  lru.remember();
  lru.touch(1);
  const std::size_t then = lru.changes();
  lru.insert(2, Bytes{20});
  lru.undo_to(then);  // a part
  EXPECT_FALSE(lru.holds(2));
  EXPECT_TRUE(lru.holds(1));
}

}  // namespace
}  // namespace orrery::test
