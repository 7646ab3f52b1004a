#include "models/control/work_queue.h"

#include <algorithm>

namespace orrery {
namespace {

constexpr double kEqualPeriods = 0.004;  // relative spread of periods that count as equal
constexpr std::uint64_t kTailWaves = 2;  // always simulated

}  // namespace

void WorkQueue::begin(const TileKernel& kernel, bool skip, const ActivityCounts& counts, Femtoseconds now) {
  *this = WorkQueue();
  kernel_ = &kernel;
  counts_ = &counts;
  total_ = kernel.items();
  wave_items_ = std::uint64_t{kernel.cores_used} * kernel.resident_items;
  // Causal items differ in length, so their waves never repeat.
  skip_ = skip && !kernel.causal && total_ > (kPeriods + 2 + kTailWaves) * wave_items_;
  next_wave_at_ = wave_items_;
  waves_[0].start = now;
}

bool WorkQueue::next(WorkItem& item, Femtoseconds now) {
  if (next_ == total_) return false;
  if (skip_ && next_ == next_wave_at_) wave_boundary(now);
  item = work_item(*kernel_, next_++);
  return true;
}

void WorkQueue::wave_boundary(Femtoseconds now) {
  next_wave_at_ += wave_items_;
  for (std::uint32_t i = kPeriods; i > 0; --i) waves_[i] = waves_[i - 1];
  waves_[0] = {now, *counts_};
  if (++waves_seen_ <= kPeriods) return;
  Femtoseconds shortest = INT64_MAX;
  Femtoseconds longest = 0;
  for (std::uint32_t i = 0; i < kPeriods; ++i) {
    const Femtoseconds period = waves_[i].start - waves_[i + 1].start;
    shortest = std::min(shortest, period);
    longest = std::max(longest, period);
  }
  if (static_cast<double>(longest - shortest) > kEqualPeriods * static_cast<double>(longest)) return;
  // Periods of kPeriods waves are replayed whole, so small differences between waves average out.
  const std::uint64_t left = (total_ - next_) / wave_items_;
  const std::uint64_t blocks = left > kTailWaves ? (left - kTailWaves) / kPeriods : 0;
  if (blocks == 0) return;
  skip_ = false;
  skipped_items_ = blocks * kPeriods * wave_items_;
  next_ += skipped_items_;
  skipped_time_ = (waves_[0].start - waves_[kPeriods].start) * static_cast<std::int64_t>(blocks);
  skipped_counts_ = (waves_[0].counts - waves_[kPeriods].counts) * blocks;
}

}  // namespace orrery
