// On-chip memories: conflicts, replacement, write-back, partitions, pinning.

#include "models/memory/sram_hierarchy.h"

#include <gtest/gtest.h>

#include "tests/support/config_error.h"

namespace orrery::test {
namespace {

constexpr SramHierarchy::Time kCycle = 1000;

SramHierarchySpec pad() {
  SramHierarchySpec spec;
  SramLevelSpec l;
  l.name = "pad";
  l.size_bytes = 64 * 1024;
  l.banks = 32;
  l.bank_width_bytes = 4;
  l.latency_ns = 10;
  spec.levels = {l};
  spec.memory_latency_cycles = 500;
  spec.memory_bytes_per_cycle = 64;
  return spec;
}

// 32 lanes a stride apart: as many cycles as lanes fall on one bank (gcd of the stride in words and the
// banks).
TEST(Sram, AStrideOverBanksConflicts) {
  for (const auto& [stride_words, expected] : {std::pair{1, 1}, {2, 2}, {3, 1}, {8, 8}, {32, 32}, {33, 1}}) {
    SramHierarchy memory(pad(), 1);
    for (std::uint64_t a = 0; a < 32 * 1024; a += 128) memory.access(0, a, 4, false, 0);
    memory.free_calendars();
    SramHierarchy::Time last = 0;
    for (int lane = 0; lane < 32; ++lane)
      last =
          std::max(last, memory.access(0, static_cast<std::uint64_t>(4 * stride_words * lane), 4, false, 0));
    EXPECT_EQ(last, (10 + expected - 1) * kCycle) << stride_words;
  }
}

TEST(Sram, ASecondPortHalvesAConflict) {
  SramHierarchySpec spec = pad();
  spec.levels[0].ports = 2;
  SramHierarchy memory(spec, 1);
  for (std::uint64_t a = 0; a < 8 * 1024; a += 128) memory.access(0, a, 4, false, 0);
  memory.free_calendars();
  SramHierarchy::Time last = 0;
  for (std::uint64_t lane = 0; lane < 32; ++lane)
    last = std::max(last, memory.access(0, 128 * lane, 4, false, 0));
  EXPECT_EQ(last, (10 + 15) * kCycle);
}

SramHierarchySpec three_levels() {
  SramHierarchySpec spec = pad();
  spec.requesters = 4;
  SramLevelSpec shared;
  shared.name = "l2";
  shared.size_bytes = 256 * 1024;
  shared.slices = 8;
  shared.bank_width_bytes = 64;
  shared.latency_ns = 100;
  shared.partitions = 2;
  shared.far_latency_ns = 70;
  SramLevelSpec outer = shared;
  outer.name = "l3";
  outer.size_bytes = 1024 * 1024;
  outer.latency_ns = 200;
  outer.partitions = 1;
  spec.levels.push_back(shared);
  spec.levels.push_back(outer);
  return spec;
}

TEST(Sram, AMissGoesDownLevelByLevelAndAHitDoesNot) {
  SramHierarchy memory(three_levels(), 1);
  memory.access(0, 0, 4, false, 0);
  for (std::size_t l = 0; l < 3; ++l) EXPECT_EQ(memory.counts(l).misses, 1U);
  memory.access(0, 4, 4, false, 1000 * kCycle);
  EXPECT_EQ(memory.counts(0).hits, 1U);
  memory.access(1, 0, 4, false, 2000 * kCycle);  // another core: its own pad misses, the shared level hits
  EXPECT_EQ(memory.counts(0).misses, 2U);
  EXPECT_EQ(memory.counts(1).hits, 1U);
  EXPECT_EQ(memory.counts(2).misses, 1U);
}

TEST(Sram, TheOtherPartitionIsFarther) {
  SramHierarchy memory(three_levels(), 1);
  for (std::uint64_t a = 0; a < 64 * 128; a += 128) memory.access(1, a, 4, false, 0);
  // Cores 0 and 3 lie in different partitions: what is near to one is far from the other.
  memory.free_calendars();
  int near = 0;
  int far = 0;
  for (std::uint64_t a = 0; a < 64 * 128; a += 128) {
    const auto t = static_cast<SramHierarchy::Time>((a / 128 + 1) * 100000 * kCycle);
    const SramHierarchy::Time one = memory.access(0, a, 4, false, t) - t;
    const SramHierarchy::Time other = memory.access(3, a, 4, false, t + 50000 * kCycle) - t - 50000 * kCycle;
    EXPECT_EQ(std::abs(one - other), 70 * kCycle);
    (one < other ? near : far) += 1;
  }
  EXPECT_GT(near, 10);
  EXPECT_GT(far, 10);
}

TEST(Sram, DirtyLinesAreWrittenBackWhenTheyLeave) {
  SramHierarchySpec spec = pad();
  spec.levels[0].size_bytes = 4 * 128;
  SramHierarchy memory(spec, 1);
  for (std::uint64_t line = 0; line < 4; ++line) memory.access(0, line * 128, 4, true, 0);
  EXPECT_EQ(memory.counts(0).write_backs, 0U);
  for (std::uint64_t line = 4; line < 8; ++line) memory.access(0, line * 128, 4, false, 0);
  EXPECT_EQ(memory.counts(0).write_backs, 4U);
  spec.levels[0].write_back = false;
  SramHierarchy through(spec, 1);
  for (std::uint64_t line = 0; line < 8; ++line) through.access(0, line * 128, 4, true, 0);
  EXPECT_EQ(through.counts(0).write_backs, 0U);
  EXPECT_EQ(through.counts(0).bypassed, 8U);
}

TEST(Sram, PinnedLinesStayAndReadsMayBypass) {
  SramHierarchySpec spec = pad();
  spec.levels[0].size_bytes = 4 * 128;
  SramHierarchy memory(spec, 1);
  memory.pin(0, 0, 2 * 128);
  for (std::uint64_t line = 2; line < 20; ++line) memory.access(0, line * 128, 4, false, 0);
  const auto before = memory.counts(0).hits;
  memory.access(0, 0, 4, false, 0);
  memory.access(0, 128, 4, false, 0);
  EXPECT_EQ(memory.counts(0).hits, before + 2);
  EXPECT_NE(config_error([&] { memory.pin(0, 0, 8 * 128); }).find("cannot pin"), std::string::npos);
  spec.levels[0].bypass_reads = true;
  SramHierarchy streaming(spec, 1);
  streaming.access(0, 0, 4, false, 0);
  streaming.access(0, 0, 4, false, 0);
  EXPECT_EQ(streaming.counts(0).hits, 0U);
  EXPECT_EQ(streaming.counts(0).bypassed, 2U);
}

}  // namespace
}  // namespace orrery::test
