// Who gets which item: in raster order, and neighbours to the cores of a cluster.

#include "models/control/work_queue.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>
#include <vector>

#include "tests/support/programs.h"

namespace orrery::test {
namespace {

TEST(WorkQueue, DealsInOrderToWhoeverAsks) {
  const KernelLaunch launch = load_kernel(5, 1, 64, 3, 2);
  WorkQueue queue;
  queue.begin(launch);
  WorkItem item;
  for (std::uint64_t i = 0; i < 5; ++i) {
    ASSERT_TRUE(queue.next(static_cast<std::uint32_t>(i * 2 % 3), 0, item));
    EXPECT_EQ(item.index, i);
  }
  EXPECT_FALSE(queue.next(0, 0, item));
}

// Whatever the order in which cores ask, those of a cluster have neighbours, each item goes to one, and none
// is left: not of a last cluster that is smaller, nor of a last team that is short.
TEST(WorkQueue, ACoreTakesForItsCluster) {
  for (const std::uint64_t items : {1, 7, 12, 23}) {
    TileKernel kernel = load_kernel(items, 1, 64, 5, 2);
    kernel.cluster = 2;
    kernel.resident_items = 2;
    const KernelLaunch launch = kernel;
    WorkQueue queue;
    queue.begin(launch);
    std::set<std::uint64_t> dealt;
    std::vector<std::vector<std::uint64_t>> of_core(5);  // by its first slot
    WorkItem item;
    // Core 3 asks first and most.
    for (const std::uint32_t core : {3U, 3U, 4U, 0U, 3U, 2U, 1U, 2U, 4U, 0U, 2U, 1U}) {
      if (!queue.next(core, 0, item)) continue;
      EXPECT_TRUE(dealt.insert(item.index).second);
      of_core[core].push_back(item.index);
    }
    for (const std::uint32_t first : {0U, 2U}) {
      for (std::size_t i = 0; i < std::min(of_core[first].size(), of_core[first + 1].size()); ++i)
        EXPECT_EQ(of_core[first][i] + 1, of_core[first + 1][i]) << items;
    }
    for (int round = 0; round < 30; ++round) {
      for (std::uint32_t core = 0; core < 5; ++core) {
        for (std::uint32_t slot = 0; slot < 2; ++slot) {
          const bool got = queue.next(core, slot, item);
          EXPECT_TRUE(!got || dealt.insert(item.index).second);
        }
      }
    }
    EXPECT_EQ(dealt.size(), items);
    EXPECT_EQ(queue.left(), 0U);
  }
}

}  // namespace
}  // namespace orrery::test
