#pragma once
// Deals the work items of one launch to the cores in raster order (sim/program/tile_kernel.h says what an
// item is).

#include <cstdint>

#include "sim/program/kernel_launch.h"

namespace orrery {

class WorkQueue {
 public:
  // `launch` must outlive its run.
  void begin(const KernelLaunch& launch) {
    launch_ = &launch;
    total_ = launch.items();
    next_ = skipped_ = 0;
  }

  // The next item, or false when none is left.
  bool next(WorkItem& item) {
    if (next_ == total_) return false;
    item = launch_->item(next_++);
    return true;
  }

  // Leaves out the next `items`, which a fast-forward accounts for.
  void skip(std::uint64_t items) {
    next_ += items;
    skipped_ += items;
  }

  std::uint64_t next_index() const { return next_; }
  std::uint64_t left() const { return total_ - next_; }
  std::uint64_t skipped_items() const { return skipped_; }

 private:
  const KernelLaunch* launch_ = nullptr;
  std::uint64_t total_ = 0;
  std::uint64_t next_ = 0;
  std::uint64_t skipped_ = 0;
};

}  // namespace orrery
