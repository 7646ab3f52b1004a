#pragma once
// The best few candidates seen, by estimated time and, between near ties, by the fewer stages; ties keep the
// first seen, so the order is reproducible.

#include <cstddef>
#include <vector>

#include "sim/program/tile_kernel.h"

namespace orrery {

class CandidateList {
 public:
  explicit CandidateList(std::size_t most) : most_(most) {}
  // No estimate beyond this is worth offering.
  double threshold() const { return best_.size() < most_ ? 1e300 : best_.back().rank; }
  void offer(const TileKernel& kernel, double estimate_s);

  struct Entry {
    TileKernel kernel;
    double estimate_s;
    double rank;
  };
  const std::vector<Entry>& best() const { return best_; }

 private:
  std::size_t most_;
  std::vector<Entry> best_;
};

// Tile sizes to try for a dimension of `extent`: `smallest` doubled up to `largest`, and the extent itself.
std::vector<std::uint64_t> tile_sizes(std::uint64_t extent, std::uint64_t smallest, std::uint64_t largest);

}  // namespace orrery
