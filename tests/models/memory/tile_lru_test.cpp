#include "models/memory/tile_lru.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <vector>

#include "tests/support/random_operator.h"

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
  TileLru::bound_records(kBlock);
  TileLru lru(Bytes{100});
  TileLru::bound_records(std::size_t{1} << 20);
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

// Whatever is done where a block is full, what is taken back is what was.
TEST(TileLru, BoundedRecordsTakeBackWhatLongOnesDo) {
  Random random(3);
  for (std::size_t block = 1; block < 24; ++block) {
    TileLru::bound_records(block);
    TileLru bounded(Bytes{100});
    TileLru::bound_records(std::size_t{1} << 20);
    TileLru whole(Bytes{100});
    const auto both = [&](auto act) {
      act(bounded);
      act(whole);
    };
    const auto same = [&] {
      ASSERT_EQ(bounded.used(), whole.used());
      for (std::uint32_t i = 0; i < 30; ++i) {
        ASSERT_EQ(bounded[i].bytes, whole[i].bytes) << i;
        ASSERT_EQ(bounded[i].dirty, whole[i].dirty) << i;
        if (!whole.holds(i)) continue;
        ASSERT_EQ(bounded[i].newer, whole[i].newer) << i;
        ASSERT_EQ(bounded[i].older, whole[i].older) << i;
      }
    };
    both([](TileLru& lru) {
      lru.begin(30);
      for (std::uint32_t i = 0; i < 5; ++i) lru.insert(i, Bytes{10});
      lru.mark_dirty(2);
      lru.remember();
    });
    std::vector<std::size_t> points;
    for (int step = 0; step < 200; ++step) {
      points.push_back(whole.changes());
      const auto index = static_cast<std::uint32_t>(random.below(30));
      const std::uint64_t kind = random.below(3);
      both([&](TileLru& lru) {
        if (!lru.holds(index)) {
          lru.insert(index, Bytes{7});
        } else if (kind == 0) {
          lru.touch(index);
        } else if (kind == 1) {
          lru.mark_dirty(index);
        } else if (lru[index].bytes < Bytes{40}) {
          lru.grow(index, Bytes{5});
        }
      });
      same();
      const std::size_t back =
          points[points.size() - 1 - random.below(std::min<std::size_t>(points.size(), 4))];
      if (random.below(8) == 0 && bounded.reaches(back)) {
        both([&](TileLru& lru) { lru.undo_to(back); });
        while (points.back() > back) points.pop_back();
        same();
      }
    }
    both([](TileLru& lru) { lru.undo_to(0); });
    same();
  }
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
