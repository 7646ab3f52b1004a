#include "sim/mapping/candidate_list.h"

#include <algorithm>
#include <cmath>

namespace orrery {
namespace {

// A doubling of a core's stages weighs like this much time: between near ties the coarser tiling wins, which
// synchronises less and is cheaper to simulate.
constexpr double kPreferCoarse = 0.004;

}  // namespace

void CandidateList::offer(const TileKernel& kernel, double estimate_s) {
  const double stages = static_cast<double>(kernel.items()) *
                        std::ceil(static_cast<double>(kernel.k_tiles()) / kernel.split_k) / kernel.cores_used;
  const double rank = estimate_s * (1 + kPreferCoarse * std::log2(stages));
  if (rank >= threshold()) return;
  const auto at = std::upper_bound(best_.begin(), best_.end(), rank,
                                   [](double value, const Entry& e) { return value < e.rank; });
  best_.insert(at, {kernel, estimate_s, rank});
  if (best_.size() > most_) best_.pop_back();
}

std::vector<std::uint64_t> tile_sizes(std::uint64_t extent, std::uint64_t smallest, std::uint64_t largest) {
  std::vector<std::uint64_t> sizes;
  for (std::uint64_t size = smallest; size < extent && size <= largest; size *= 2) sizes.push_back(size);
  if (extent <= largest) sizes.push_back(extent);
  if (sizes.empty()) sizes.push_back(std::min(extent, largest));
  return sizes;
}

}  // namespace orrery
