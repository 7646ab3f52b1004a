#pragma once
// Which counters a level of shared buffers moves: the innermost its own, those behind it one set together.

#include "sim/stats/activity_counts.h"

namespace orrery {

struct LevelCounters {
  std::uint64_t ActivityCounts::*read;
  std::uint64_t ActivityCounts::*write;
  std::uint64_t ActivityCounts::*fill;
  std::uint64_t ActivityCounts::*writeback;
};
inline constexpr LevelCounters kInnerCounters = {
    &ActivityCounts::shared_read_bytes, &ActivityCounts::shared_write_bytes,
    &ActivityCounts::shared_fill_bytes, &ActivityCounts::shared_writeback_bytes};
inline constexpr LevelCounters kOuterCounters = {
    &ActivityCounts::outer_read_bytes, &ActivityCounts::outer_write_bytes, &ActivityCounts::outer_fill_bytes,
    &ActivityCounts::outer_writeback_bytes};

}  // namespace orrery
