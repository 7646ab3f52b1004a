#pragma once
// Kernels launched as one: their work items are dealt from one queue, those of one kernel after those of the
// one before. They are the same nest over different extents (sequences of unequal lengths), and share what a
// core sets up for them: cores, resident items, buffers, clusters.

#include <cstdint>
#include <vector>

#include "sim/program/tile_kernel.h"

namespace orrery {

class KernelLaunch {
 public:
  // Of one kernel.
  KernelLaunch(TileKernel kernel);  // NOLINT(google-explicit-constructor): a kernel is a launch of itself
  // At least one; each has the cores, resident items, buffers and cluster of the first.
  explicit KernelLaunch(std::vector<TileKernel> kernels);

  const std::vector<TileKernel>& kernels() const { return kernels_; }
  // Stands for what all share.
  const TileKernel& front() const { return kernels_.front(); }
  const TileKernel& of(const WorkItem& item) const { return kernels_[item.kernel]; }

  std::uint64_t items() const { return first_.back(); }
  // The item dealt at place `index`.
  WorkItem item(std::uint64_t index) const {
    if (kernels_.size() == 1) return work_item(kernels_.front(), index);
    return item_of_several(index);
  }
  // Bytes of scratchpad a core needs for any of them.
  Bytes scratchpad_bytes(bool dedicated_accumulators) const;
  // Of all tensors that they read.
  Bytes input_bytes() const;

 private:
  std::vector<TileKernel> kernels_;
  std::vector<std::uint64_t> first_;  // item of each kernel, and one beyond

  WorkItem item_of_several(std::uint64_t index) const;
};

}  // namespace orrery
