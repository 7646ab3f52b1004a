// When stretches of a kernel say how long the next ones will take.

#include "models/control/stretch_pattern.h"

#include <gtest/gtest.h>

namespace orrery::test {
namespace {

constexpr MemoryPace kPace{Bytes{1000}, 1000, 1000};  // 1 ps a byte of anything

Stretch stretch(Femtoseconds time, std::uint64_t dram_bytes, std::uint64_t asked = 1'000'000) {
  Stretch s;
  s.time = time;
  s.counts.requested_read_bytes = asked;
  s.counts.levels[0].fill_bytes = s.counts.dram_read_bytes = dram_bytes;
  return s;
}

std::optional<Pattern> found(const std::vector<Stretch>& history, bool inside_items = false,
                             std::uint32_t buffers = 4) {
  return pattern_of(history, inside_items, buffers, kPace);
}

constexpr Femtoseconds kTime = 100'000'000;              // of which 10,000 bytes take a tenth,
constexpr std::uint64_t kIdle = 10'000, kBusy = 70'000;  // and 70,000 pace

TEST(StretchPattern, TwoAlikeAreOneUnlessMemoryPaces) {
  EXPECT_FALSE(found({stretch(kTime, kIdle)}));
  const auto two = found({stretch(kTime, kIdle), stretch(kTime, kIdle)});
  ASSERT_TRUE(two);
  EXPECT_EQ(two->stretches, 2U);
  EXPECT_EQ(two->period, 1U);
  EXPECT_EQ(two->time, 2 * kTime);
  EXPECT_FALSE(found(std::vector<Stretch>(7, stretch(kTime, kBusy))));
  EXPECT_TRUE(found(std::vector<Stretch>(8, stretch(kTime, kBusy))));
  // Inside items three that differ in nothing are enough.
  EXPECT_FALSE(found(std::vector<Stretch>(2, stretch(kTime, kBusy)), true));
  EXPECT_TRUE(found(std::vector<Stretch>(3, stretch(kTime, kBusy)), true));
}

TEST(StretchPattern, WhatAlternatesComesRoundAfterTwo) {
  const Stretch slow = stretch(kTime * 106 / 100, kIdle);
  const Stretch fast = stretch(kTime, kIdle);
  EXPECT_FALSE(found({slow, fast, slow}));
  const auto both = found({slow, fast, slow, fast});
  ASSERT_TRUE(both);
  EXPECT_EQ(both->period, 2U);
  EXPECT_EQ(both->stretches, 4U);
}

TEST(StretchPattern, ATrendOrAMemoryThatFallsBehindIsNone) {
  std::vector<Stretch> slower;
  for (int i = 0; i < 8; ++i) slower.push_back(stretch(kTime * (100 + i) / 100, kIdle));
  EXPECT_FALSE(found(slower));
  Stretch behind = stretch(kTime, kIdle);
  behind.backlog = kTime / 20;
  EXPECT_FALSE(found({stretch(kTime, kIdle), behind}));
  EXPECT_FALSE(found({stretch(kTime, kIdle), stretch(kTime, kIdle, 900'000)}));  // other work
}

// An idle memory's bumps are waited for where loads do not run ahead, and no pattern where they are too
// large.
TEST(StretchPattern, BumpsOfAnIdleMemoryCountAsFarAsLoadsWaitForThem) {
  const std::vector<Stretch> bump = {stretch(kTime, kIdle), stretch(kTime, kIdle * 14 / 10)};
  EXPECT_TRUE(found(bump, false, 4));
  EXPECT_FALSE(found(bump, false, 2));
  EXPECT_FALSE(found({stretch(kTime, kIdle), stretch(kTime, 3 * kIdle)}, false, 4));
}

}  // namespace
}  // namespace orrery::test
