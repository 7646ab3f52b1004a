#pragma once
// Deals the work items of one kernel to the cores in raster order, and notices when successive waves repeat:
// then it skips ahead to the tail and replays the periods' time and counts (sim/program/tile_kernel.h says
// what an item is). A wave is as many items as the machine holds at once, several times over where a line of
// the raster is longer, so that waves have a like mix of edges and of operands held along a line.

#include <cstdint>

#include "sim/program/tile_kernel.h"
#include "sim/stats/activity_counts.h"
#include "sim/util/units.h"

namespace orrery {

class WorkQueue {
 public:
  // `skip` switches steady-state skipping; `counts` are the machine's, read when a wave completes. Buffers
  // filled ahead across items (`run_ahead`) make the first waves faster than the rest: they are not taken for
  // steady.
  // A wave stores at least `write_batch_bytes` several times: writes reach the DRAM in batches of that size.
  void begin(const TileKernel& kernel, bool skip, bool run_ahead, std::uint64_t write_batch_bytes,
             const ActivityCounts& counts, Femtoseconds now);

  // The next item, or false when none is left.
  bool next(WorkItem& item);

  // An item is complete, its results stored by `at`. May skip items not dealt yet, if the memory has
  // `settled`.
  void item_done(Femtoseconds at, bool settled);

  std::uint64_t skipped_items() const { return skipped_items_; }
  Femtoseconds skipped_time() const { return skipped_time_; }
  const ActivityCounts& skipped_counts() const { return skipped_counts_; }

 private:
  struct Wave {
    Femtoseconds end = 0;
    ActivityCounts counts;
  };
  static constexpr std::uint32_t kPeriods = 3;  // equal ones in a row before a skip

  const TileKernel* kernel_ = nullptr;
  const ActivityCounts* counts_ = nullptr;
  bool skip_ = false;
  std::uint64_t total_ = 0;
  std::uint64_t next_ = 0;
  std::uint64_t wave_items_ = 1;
  std::uint64_t warm_items_ = 0;  // done before the first wave that counts
  std::uint64_t done_ = 0;
  std::uint32_t waves_seen_ = 0;
  Wave waves_[kPeriods + 1];
  std::uint64_t skipped_items_ = 0;
  Femtoseconds skipped_time_ = 0;
  ActivityCounts skipped_counts_;

  void wave_done(Femtoseconds at, bool settled);
  ActivityCounts replayed_counts(const ActivityCounts& periods, const ItemTotals& exact) const;
};

}  // namespace orrery
