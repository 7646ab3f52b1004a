#pragma once
// The best few candidates seen: by estimated time and, between near ties, by the fewer stages; and of those
// nearly as fast as the best, the few that take the least energy (or, by another objective, the few that take
// the least whatever their time). Ties keep the first seen, so the order is reproducible.

#include <cstddef>
#include <vector>

#include "sim/mapping/kernel_estimate.h"
#include "sim/mapping/mapper.h"
#include "sim/program/tile_kernel.h"

namespace orrery {

class CandidateList {
 public:
  // `estimate` must outlive the list.
  CandidateList(const KernelEstimate& estimate, std::size_t most, MapObjective objective)
      : estimate_(estimate), most_(most), objective_(objective) {}

  // No estimate beyond this is worth offering.
  double threshold() const;
  void offer(const TileKernel& kernel, double estimate_s);

  struct Entry {
    TileKernel kernel;
    double estimate_s = 0;
    double rank = 0;
    bool thrifty = false;
  };
  // Best by time first, then the thrifty ones.
  std::vector<Entry> best() const;
  bool empty() const { return fastest_.empty(); }

 private:
  const KernelEstimate& estimate_;
  std::size_t most_;
  MapObjective objective_;
  std::vector<Entry> fastest_, thriftiest_;

  static void insert(std::vector<Entry>& list, Entry entry, std::size_t most);
};

// Tile sizes to try for a dimension of `extent`: `smallest` doubled up to `largest`, and the extent itself.
std::vector<std::uint64_t> tile_sizes(std::uint64_t extent, std::uint64_t smallest, std::uint64_t largest);

// The same, and what cuts the extent into a few even pieces, rounded up to `grain`: where a size of powers of
// two leaves a remainder, a machine computes and loads for nothing.
std::vector<std::uint64_t> balanced_tile_sizes(std::uint64_t extent, std::uint64_t smallest,
                                               std::uint64_t largest, std::uint64_t grain);

}  // namespace orrery
