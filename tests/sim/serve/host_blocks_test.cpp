#include "sim/serve/host_blocks.h"

#include <gtest/gtest.h>

namespace orrery::test {
namespace {

TEST(HostBlocks, TheLongestUnusedIsDroppedFirst) {
  HostBlocks host(2);
  EXPECT_TRUE(host.put(1));
  EXPECT_TRUE(host.put(2));
  EXPECT_FALSE(host.put(1));  // it is there, and used now
  EXPECT_TRUE(host.put(3));
  EXPECT_TRUE(host.has(1));
  EXPECT_FALSE(host.has(2));
  EXPECT_EQ(host.used(), 2U);
}

TEST(HostBlocks, SequencesThatWereSetBackComeBeforePrompts) {
  HostBlocks host(4);
  for (const std::uint64_t key : {1, 2, 3}) host.put(key);
  EXPECT_TRUE(host.keep(2));
  EXPECT_EQ(host.used(), 4U);
  EXPECT_FALSE(host.has(1));
  EXPECT_TRUE(host.has(3));
  EXPECT_FALSE(host.keep(3));
  EXPECT_TRUE(host.has(3));  // nothing was done
  EXPECT_TRUE(host.keep(2));
  EXPECT_FALSE(host.put(9));
  host.give_back(4);
  EXPECT_EQ(host.used(), 0U);
}

}  // namespace
}  // namespace orrery::test
