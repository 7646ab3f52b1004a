#include "models/control/work_queue.h"

#include <algorithm>

namespace orrery {
namespace {

constexpr double kEqualPeriods = 0.004;  // relative spread of periods that count as equal
constexpr std::uint64_t kTailWaves = 2;  // always simulated
constexpr std::uint64_t kWarmRounds = 4;  // times every buffer is refilled before waves count as steady

// Items of one line of the raster: edges, and reloads of an operand held along the line, repeat with it.
std::uint64_t line_items(const TileKernel& kernel) {
  switch (kernel.raster) {
    case RasterOrder::n_fastest:
    case RasterOrder::grouped:  // a group is left to chance: a wave of a large machine mixes its columns
      return kernel.n_tiles() * kernel.split_k;
    case RasterOrder::m_fastest:
      return kernel.m_tiles() * kernel.split_k;
  }
  return 1;
}

}  // namespace

void WorkQueue::begin(const TileKernel& kernel, bool skip, bool run_ahead, const ActivityCounts& counts,
                      Femtoseconds now) {
  *this = WorkQueue();
  kernel_ = &kernel;
  counts_ = &counts;
  total_ = kernel.items();
  const std::uint64_t held = std::uint64_t{kernel.cores_used} * kernel.resident_items;
  wave_items_ = held * ceil_div(line_items(kernel), held);
  if (run_ahead) warm_items_ = kWarmRounds * kernel.pipeline_stages * kernel.cores_used;
  // Causal items differ in length, so their waves never repeat.
  skip_ = skip && !kernel.causal && total_ > (kPeriods + 2 + kTailWaves) * wave_items_ + warm_items_;
  waves_[0].end = now;
}

bool WorkQueue::next(WorkItem& item) {
  if (next_ == total_) return false;
  item = work_item(*kernel_, next_++);
  return true;
}

void WorkQueue::item_done(Femtoseconds at) {
  if (skip_ && ++done_ % wave_items_ == 0) wave_done(at);
}

void WorkQueue::wave_done(Femtoseconds at) {
  for (std::uint32_t i = kPeriods; i > 0; --i) waves_[i] = waves_[i - 1];
  waves_[0] = {at, *counts_};
  if (++waves_seen_ <= kPeriods || (waves_seen_ - kPeriods) * wave_items_ < warm_items_) return;
  Femtoseconds shortest = INT64_MAX;
  Femtoseconds longest = 0;
  for (std::uint32_t i = 0; i < kPeriods; ++i) {
    const Femtoseconds period = waves_[i].end - waves_[i + 1].end;
    shortest = std::min(shortest, period);
    longest = std::max(longest, period);
  }
  if (shortest <= 0) return;
  if (static_cast<double>(longest - shortest) > kEqualPeriods * static_cast<double>(longest)) return;
  // Periods of kPeriods waves are replayed whole, so small differences between waves average out.
  const std::uint64_t left = (total_ - next_) / wave_items_;
  const std::uint64_t blocks = left > kTailWaves ? (left - kTailWaves) / kPeriods : 0;
  if (blocks == 0) return;
  skip_ = false;
  skipped_items_ = blocks * kPeriods * wave_items_;
  next_ += skipped_items_;
  skipped_time_ = (waves_[0].end - waves_[kPeriods].end) * static_cast<std::int64_t>(blocks);
  skipped_counts_ = (waves_[0].counts - waves_[kPeriods].counts) * blocks;
}

}  // namespace orrery
