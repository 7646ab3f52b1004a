#include "sim/mapping/candidate_list.h"

#include <algorithm>
#include <cmath>

namespace orrery {
namespace {

// A doubling of a core's stages weighs like this much time: between near ties the coarser tiling wins, which
// synchronises less and is cheaper to simulate.
constexpr double kPreferCoarse = 0.004;
constexpr std::size_t kThrifty = 3;

bool same_tiling(const TileKernel& a, const TileKernel& b) {
  const auto step = [](const TileKernel& k) {
    return k.matrix_steps.empty() ? Dataflow::output_stationary : k.matrix_steps[0].dataflow;
  };
  return a.tile_m == b.tile_m && a.tile_n == b.tile_n && a.tile_k == b.tile_k && a.split_k == b.split_k &&
         a.raster == b.raster && a.cores_used == b.cores_used && step(a) == step(b);
}

}  // namespace

double CandidateList::threshold() const {
  return objective_ != MapObjective::time || fastest_.size() < most_ ? 1e300 : fastest_.back().rank;
}

void CandidateList::insert(std::vector<Entry>& list, Entry entry, std::size_t most) {
  if (list.size() >= most && entry.rank >= list.back().rank) return;
  const auto at = std::upper_bound(list.begin(), list.end(), entry.rank,
                                   [](double value, const Entry& e) { return value < e.rank; });
  list.insert(at, std::move(entry));
  if (list.size() > most) list.pop_back();
}

void CandidateList::offer(const TileKernel& kernel, double estimate_s) {
  const double stages = static_cast<double>(kernel.items()) *
                        std::ceil(static_cast<double>(kernel.k_tiles()) / kernel.split_k) / kernel.cores_used;
  const double rank = estimate_s * (1 + kPreferCoarse * std::log2(stages));
  if (fastest_.size() < most_ || rank < fastest_.back().rank)
    insert(fastest_, {kernel, estimate_s, rank}, most_);
  if (objective_ == MapObjective::time && estimate_s > (1 + kAsFast) * fastest_.front().estimate_s) return;
  const Joules energy = estimate_.energy_of(kernel, estimate_s);
  insert(thriftiest_, {kernel, estimate_s, objective_cost(objective_, energy, estimate_s)},
         objective_ == MapObjective::time ? most_ : kThrifty);
}

std::vector<CandidateList::Entry> CandidateList::best() const {
  std::vector<Entry> all = fastest_;
  if (all.empty()) return all;
  std::size_t taken = 0;
  for (const Entry& e : thriftiest_) {
    // Seen before the fastest was: not near enough after all.
    if (objective_ == MapObjective::time && e.estimate_s > (1 + kAsFast) * fastest_.front().estimate_s)
      continue;
    const bool known = std::any_of(all.begin(), all.end(),
                                   [&](const Entry& other) { return same_tiling(other.kernel, e.kernel); });
    if (known) continue;
    all.push_back(e);
    all.back().thrifty = true;
    if (++taken == kThrifty) break;
  }
  if (objective_ != MapObjective::time)
    std::rotate(all.begin(), all.begin() + static_cast<std::ptrdiff_t>(fastest_.size()), all.end());
  return all;
}

std::vector<std::uint64_t> tile_sizes(std::uint64_t extent, std::uint64_t smallest, std::uint64_t largest) {
  std::vector<std::uint64_t> sizes;
  for (std::uint64_t size = smallest; size < extent && size <= largest; size *= 2) sizes.push_back(size);
  if (extent <= largest) sizes.push_back(extent);
  if (sizes.empty()) sizes.push_back(std::min(extent, largest));
  return sizes;
}

std::vector<std::uint64_t> balanced_tile_sizes(std::uint64_t extent, std::uint64_t smallest,
                                               std::uint64_t largest, std::uint64_t grain) {
  std::vector<std::uint64_t> sizes = tile_sizes(extent, smallest, largest);
  constexpr std::uint64_t kMostPieces = 8;
  for (std::uint64_t pieces = 2; pieces <= kMostPieces; ++pieces) {
    const std::uint64_t size = round_up(ceil_div(extent, pieces), grain);
    if (size >= smallest && size < extent && size <= largest) sizes.push_back(size);
  }
  std::sort(sizes.begin(), sizes.end());
  sizes.erase(std::unique(sizes.begin(), sizes.end()), sizes.end());
  return sizes;
}

}  // namespace orrery
