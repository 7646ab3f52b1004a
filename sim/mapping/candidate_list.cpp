#include "sim/mapping/candidate_list.h"

#include <algorithm>

namespace orrery {

void CandidateList::offer(const TileKernel& kernel, double estimate_s) {
  if (estimate_s >= threshold()) return;
  const auto at = std::upper_bound(best_.begin(), best_.end(), estimate_s,
                                   [](double value, const Entry& e) { return value < e.estimate_s; });
  best_.insert(at, {kernel, estimate_s});
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
