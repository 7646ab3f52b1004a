// Lines of a cache: what leaves, and that bytes are accounted for when a line grows.

#include <gtest/gtest.h>

#include "models/memory/line_cache.h"

namespace orrery::test {
namespace {

TEST(LineCache, TheLeastRecentlyUsedLeavesAndPendingLinesStay) {
  LineCache cache(Bytes{300});
  std::vector<EvictedLine> evicted;
  cache[cache.insert(0, Bytes{100}, evicted)].dirty = true;
  cache[cache.insert(1000, Bytes{100}, evicted)].pending = true;
  cache.insert(2000, Bytes{100}, evicted);
  cache.touch(cache.find(0));
  cache.insert(3000, Bytes{100}, evicted);  // 1000 is older than 2000, but on its way
  EXPECT_EQ(cache.find(2000), LineCache::kMissing);
  EXPECT_NE(cache.find(1000), LineCache::kMissing);
  EXPECT_TRUE(evicted.empty());  // it was clean
  cache.insert(4000, Bytes{100}, evicted);
  ASSERT_EQ(evicted.size(), 1U);
  EXPECT_EQ(evicted[0].address, 0U);
  EXPECT_EQ(cache.used_bytes(), Bytes{300});
}

TEST(LineCache, AGrownLineTakesItsRoom) {
  LineCache cache(Bytes{300});
  std::vector<EvictedLine> evicted;
  cache.insert(0, Bytes{50}, evicted);
  cache.insert(1000, Bytes{100}, evicted);
  cache.insert(2000, Bytes{150}, evicted);
  cache.grow(cache.find(0), Bytes{100}, evicted);
  EXPECT_EQ(cache.find(1000), LineCache::kMissing);
  EXPECT_EQ(cache.used_bytes(), Bytes{250});
  cache.grow(cache.find(0), Bytes{80}, evicted);  // never shrinks
  EXPECT_EQ(cache.used_bytes(), Bytes{250});
  cache.clear();
  EXPECT_EQ(cache.used_bytes(), Bytes{0});
}

}  // namespace
}  // namespace orrery::test
