#include "models/control/work_queue.h"

#include <algorithm>

namespace orrery {
namespace {

constexpr double kEqualPeriods = 0.004;   // relative spread of periods that count as equal
constexpr std::uint64_t kTailWaves = 2;   // always simulated
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

// Bytes that items [first, last) ask for; 0 when operands held from item to item leave that open.
std::uint64_t loaded_bytes(const TileKernel& kernel, std::uint64_t first, std::uint64_t last) {
  std::uint64_t sum = 0;
  for (std::uint64_t i = first; i < last; ++i) {
    const WorkItem item = work_item(kernel, i);
    for (const KernelOperand& operand : kernel.inputs) {
      if (operand.hold) return 0;
      const std::uint64_t end = operand.once ? std::min(item.k_begin + 1, item.k_end) : item.k_end;
      if (end == item.k_begin) continue;
      // All k tiles but the last are full.
      sum += operand_bytes(kernel, operand, item, item.k_begin) * (end - item.k_begin - 1) +
             operand_bytes(kernel, operand, item, end - 1);
    }
  }
  return sum;
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
  const std::uint64_t first = next_;
  skipped_items_ = blocks * kPeriods * wave_items_;
  next_ += skipped_items_;
  skipped_time_ = (waves_[0].end - waves_[kPeriods].end) * static_cast<std::int64_t>(blocks);
  skipped_counts_ = (waves_[0].counts - waves_[kPeriods].counts) * blocks;
  // The skipped items' mix of edges may differ a little from the periods': their loads are known exactly.
  const std::uint64_t loads = loaded_bytes(*kernel_, first, next_);
  if (loads > 0) {
    skipped_counts_ = scaled(skipped_counts_, static_cast<double>(loads) /
                                                  static_cast<double>(skipped_counts_.requested_read_bytes));
  }
}

}  // namespace orrery
