#pragma once
// Deals the work items of one launch to the cores in raster order (sim/program/tile_kernel.h says what an
// item is). The cores of a cluster get neighbours: what one of them takes, it takes for all, and the others'
// wait for them.

#include <algorithm>
#include <cstdint>
#include <vector>

#include "sim/program/kernel_launch.h"

namespace orrery {

class WorkQueue {
 public:
  // `launch` must outlive its run.
  void begin(const KernelLaunch& launch) {
    launch_ = &launch;
    total_ = launch.items();
    next_ = skipped_ = 0;
    cluster_ = launch.front().cluster;
    if (cluster_ == 1) return;
    slots_ = launch.front().resident_items;
    teams_.assign(ceil_div(launch.front().cores_used, cluster_) * slots_, {});
    for (Team& team : teams_) team.taken.assign(cluster_, 0);
  }

  // The next item of a slot of a core, or false when none is left.
  bool next(std::uint32_t core, std::uint32_t slot, WorkItem& item) {
    if (cluster_ > 1) return next_of_cluster(core, slot, item);
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
  // The same slot of the cores of a cluster.
  struct Team {
    std::vector<std::uint64_t> firsts;  // of the neighbours dealt to it
    std::vector<std::size_t> taken;     // of those, by each core
  };
  const KernelLaunch* launch_ = nullptr;
  std::uint64_t total_ = 0;
  std::uint64_t next_ = 0;
  std::uint64_t skipped_ = 0;
  std::uint32_t cluster_ = 1, slots_ = 1;
  std::vector<Team> teams_;

  bool next_of_cluster(std::uint32_t core, std::uint32_t slot, WorkItem& item) {
    const std::uint32_t first_core = core / cluster_ * cluster_;
    const std::uint32_t members = std::min(cluster_, launch_->front().cores_used - first_core);
    Team& team = teams_[std::size_t{core / cluster_} * slots_ + slot];
    std::size_t& taken = team.taken[core - first_core];
    if (taken == team.firsts.size()) {
      if (next_ == total_) return false;
      team.firsts.push_back(next_);
      next_ = std::min(total_, next_ + members);
    }
    const std::uint64_t index = team.firsts[taken++] + (core - first_core);
    if (index >= total_) return false;
    item = launch_->item(index);
    return true;
  }
};

}  // namespace orrery
