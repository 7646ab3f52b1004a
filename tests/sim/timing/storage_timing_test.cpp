#include "sim/timing/storage_timing.h"

#include <gtest/gtest.h>

namespace orrery::test {
namespace {

// Long reads go at the device's rate, short ones at that of its reads.
TEST(StorageTiming, LongReadsAndShortOnes) {
  StorageSpec flash;
  flash.read_bytes_per_s = 6e9;
  flash.reads_per_s = 150e3;
  flash.latency_us = 100;
  EXPECT_NEAR(storage_seconds(flash, 6000, 1e6), 1 + 100e-6, 1e-12);
  EXPECT_NEAR(storage_seconds(flash, 150e3, 8192), 1 + 100e-6, 1e-12);
  EXPECT_NEAR(storage_seconds(flash, 75e3, 2 * 8192), 0.5 + 100e-6, 1e-12);  // the same bytes in bundles
  EXPECT_EQ(storage_seconds(flash, 0, 8192), 0);
}

}  // namespace
}  // namespace orrery::test
