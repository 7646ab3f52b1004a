#pragma once
// Skips what repeats. A kernel is watched in waves of work items and, inside long items, in strides of
// stages. Some in a row that did the same work in the same time, memory traffic included, are a pattern; as
// long as what comes next is forecast to do that work again (models/control/forecast.h), it is not simulated:
// its counts are the forecast's, misses corrected by what the stretches before it found, its time the
// pattern's. A wave unlike any pattern (an edge, the end of a group of the raster, a buffer that starts to
// write back) ends the skip and is simulated. The last waves and stages always are.

#include <cstdint>
#include <vector>

#include "models/control/forecast.h"
#include "models/control/stretch_pattern.h"
#include "models/control/work_queue.h"
#include "sim/stats/activity_counts.h"
#include "sim/util/units.h"

namespace orrery {

// What skipping needs to know of the machine, and to move: the slots of all cores, and how far behind memory
// is.
class SlotObserver {
 public:
  virtual ~SlotObserver() = default;
  // When DRAM will be through with all that it has taken so far.
  virtual Femtoseconds memory_busy_until() const = 0;
  // Appends each slot that has stages left of its item.
  virtual void positions(std::vector<SlotPosition>& out) const = 0;
  // Each such slot goes on `stages` stages later, at the same time.
  virtual void jump(std::uint64_t stages) = 0;
  // Appends all items under way, whose results are not stored; each becomes the one at its goal in the raster
  // (`places`, sorted, are where they lie, `goals` where they go, in that order), as far on its way as it
  // was.
  virtual void under_way(std::vector<SlotPosition>& out) const = 0;
  virtual void shift(const std::vector<std::uint64_t>& places, const std::vector<std::uint64_t>& goals) = 0;
};

class FastForward {
 public:
  // `counts` are the machine's, so far.
  FastForward(const ActivityCounts& counts, const MemoryPace& pace) : counts_(counts), pace_(pace) {}

  // `forecast` and `queue` have begun the launch. Buffers filled ahead across items (`run_ahead`) make the
  // first waves faster than the rest: they are no pattern. A wave stores at least `write_batch_bytes` several
  // times, unless it loads a hundred times what it stores: writes reach the DRAM in batches of that size.
  // What is left out of an element-wise kernel takes at least `lanes_fs` an element.
  void begin(const KernelLaunch& launch, bool allowed, bool run_ahead, Bytes write_batch, double lanes_fs,
             Forecast& forecast, WorkQueue& queue, SlotObserver& slots, Femtoseconds now);

  // An item is complete, now; its results are stored by `at`. May leave out items that are not dealt yet.
  void item_done(Femtoseconds at, Femtoseconds now);
  // A slot has taken a stage on its way. May move all slots on within their items.
  void stage_done(Femtoseconds now) {
    if (strides_ && --stages_left_ == 0) stride_done(now);
  }

  Femtoseconds skipped_time() const { return skipped_time_; }
  const ActivityCounts& skipped_counts() const { return skipped_counts_; }

 private:
  // By which a forecast's misses are multiplied.
  struct Bias {
    double shared_fill = 1, dram_read = 1;
    ActivityCounts corrected(ActivityCounts forecast) const;
  };
  static constexpr std::uint64_t kStride = 8;  // stages a slot; half of it where items are short
  static constexpr std::size_t kMostPatterns = 8;

  const ActivityCounts& counts_;
  const MemoryPace pace_;
  const KernelLaunch* launch_ = nullptr;
  double lanes_fs_ = 0;
  Forecast* forecast_ = nullptr;
  WorkQueue* queue_ = nullptr;
  SlotObserver* slots_ = nullptr;

  bool waves_ = false;
  bool whole_batches_ = false;  // waves are of all items of some planes
  std::uint64_t wave_items_ = 1;
  std::uint64_t warm_items_ = 0;
  std::uint64_t done_ = 0;
  std::uint64_t left_out_ = 0;  // items
  StretchWatch wave_watch_;
  std::vector<Pattern> patterns_;

  bool strides_ = false;
  std::uint64_t stride_ = kStride;
  std::uint64_t stages_left_ = 0;
  std::size_t stride_slots_ = 0;
  StretchWatch stride_watch_;
  std::vector<SlotPosition> positions_;
  std::vector<std::uint64_t> places_, goals_;  // of items under way

  Femtoseconds skipped_time_ = 0;
  ActivityCounts skipped_counts_;

  bool same_work(const Pattern& pattern, const ActivityCounts& counts, std::uint64_t stretches) const {
    return orrery::same_work(pattern, counts, stretches, launch_->front().pipeline_stages, pace_);
  }
  Femtoseconds backlog(Femtoseconds now) const;
  ActivityCounts counts_now() const;
  void wave_done(Femtoseconds at, Femtoseconds now);
  Bias bias_against(const Pattern& latest);
  bool skip_waves(const Pattern& latest);
  void stride_done(Femtoseconds now);
  void begin_stride(Femtoseconds now);
  bool jump_strides(const Pattern& pattern);
  double paced_by(const Pattern& pattern, std::uint64_t first, std::uint64_t items, double share) const;
  bool element_wise() const { return launch_->front().matrix_steps.empty(); }
  std::uint64_t elements_of(const WorkItem& item) const;
  std::uint64_t elements_of(std::uint64_t first, std::uint64_t items) const;
  std::uint64_t elements_of(const std::vector<SlotPosition>& positions) const;
  double rest_of_others(std::uint64_t elements, const Pattern& pattern) const;  // in fs
  bool place(std::uint64_t skipped);
  void take(ActivityCounts forecast, const ActivityCounts& alike);
  void learn(const Pattern& pattern);
};

}  // namespace orrery
