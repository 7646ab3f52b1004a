#include "models/control/work_queue.h"

#include <algorithm>

namespace orrery {
namespace {

constexpr double kEqualPeriods = 0.004;      // relative spread of periods that count as equal
constexpr double kEqualTraffic = 0.02;       // the same for their DRAM traffic
constexpr double kNegligibleTraffic = 1e-4;  // of the bytes asked for: less is no difference
constexpr std::uint64_t kTailWaves = 2;      // always simulated
constexpr std::uint64_t kBatchesAWave = 8;   // DRAM write batches a wave sees: one more or less is little
constexpr std::uint64_t kLinesAWave = 4;     // of several cores, which do not all take part in every line
constexpr std::uint64_t kWarmRounds = 4;     // times every buffer is refilled before waves count as steady

// Items of one line of the raster: edges, and reloads of an operand held along the line, repeat with it.
// Batches have operands of their own, so that with several of them only a whole batch repeats.
std::uint64_t line_items(const TileKernel& kernel) {
  if (kernel.batch > 1) return kernel.m_tiles() * kernel.n_tiles() * kernel.split_k;
  switch (kernel.raster) {
    case RasterOrder::n_fastest:
    case RasterOrder::grouped:  // a group is left to chance: a wave of a large machine mixes its columns
      return kernel.n_tiles() * kernel.split_k;
    case RasterOrder::m_fastest:
      return kernel.m_tiles() * kernel.split_k;
  }
  return 1;
}

// The periods' traffic to and from DRAM is alike, as their times are.
bool alike(std::uint64_t a, std::uint64_t b, std::uint64_t requested) {
  const auto difference = static_cast<double>(a > b ? a - b : b - a);
  return difference <= kEqualTraffic * static_cast<double>(std::max(a, b)) ||
         difference <= kNegligibleTraffic * static_cast<double>(requested);
}

}  // namespace

void WorkQueue::begin(const TileKernel& kernel, bool skip, bool run_ahead, std::uint64_t write_batch_bytes,
                      const ActivityCounts& counts, Femtoseconds now) {
  *this = WorkQueue();
  kernel_ = &kernel;
  counts_ = &counts;
  total_ = kernel.items();
  const std::uint64_t held = std::uint64_t{kernel.cores_used} * kernel.resident_items;
  std::uint64_t stored = 0;  // an item
  for (const KernelOperand& operand : kernel.outputs) stored += operand_bytes(kernel, operand, WorkItem{}, 0);
  const std::uint64_t batches =
      ceil_div(kBatchesAWave * write_batch_bytes, std::max<std::uint64_t>(stored, 1));
  // Operands held along a line are loaded anew with each line, so such kernels repeat with whole lines.
  const bool holds = std::any_of(kernel.inputs.begin(), kernel.inputs.end(),
                                 [](const KernelOperand& operand) { return operand.hold; });
  const std::uint64_t line = line_items(kernel);
  const std::uint64_t lines = kernel.cores_used > 1 ? kLinesAWave : 1;
  wave_items_ = holds ? line * std::max(lines, ceil_div(std::max(held, batches), line))
                      : held * ceil_div(std::max(line, batches), held);
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

void WorkQueue::item_done(Femtoseconds at, bool settled) {
  if (skip_ && ++done_ % wave_items_ == 0) wave_done(at, settled);
}

void WorkQueue::wave_done(Femtoseconds at, bool settled) {
  for (std::uint32_t i = kPeriods; i > 0; --i) waves_[i] = waves_[i - 1];
  waves_[0] = {at, *counts_};
  if (!settled) {  // these waves do not count
    waves_seen_ = 0;
    return;
  }
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
  for (std::uint32_t i = 0; i + 1 < kPeriods; ++i) {
    const ActivityCounts newer = waves_[i].counts - waves_[i + 1].counts;
    const ActivityCounts older = waves_[i + 1].counts - waves_[i + 2].counts;
    const std::uint64_t requested = newer.requested_read_bytes + newer.requested_write_bytes;
    if (!alike(newer.dram_read_bytes, older.dram_read_bytes, requested) ||
        !alike(newer.dram_write_bytes, older.dram_write_bytes, requested)) {
      return;
    }
  }
  // Periods of kPeriods waves are replayed whole, so small differences between waves average out.
  const std::uint64_t left = (total_ - next_) / wave_items_;
  const std::uint64_t blocks = left > kTailWaves ? (left - kTailWaves) / kPeriods : 0;
  if (blocks == 0) return;
  skip_ = false;
  const std::uint64_t first = next_;
  skipped_items_ = blocks * kPeriods * wave_items_;
  next_ += skipped_items_;
  skipped_time_ = (waves_[0].end - waves_[kPeriods].end) * static_cast<std::int64_t>(blocks);
  skipped_counts_ = replayed_counts((waves_[0].counts - waves_[kPeriods].counts) * blocks,
                                    item_totals(*kernel_, first, next_));
}

// The periods' counts, with what the skipped items' tiles say exactly put in its place: their mix of edges
// may differ a little from the periods'.
ActivityCounts WorkQueue::replayed_counts(const ActivityCounts& periods, const ItemTotals& exact) const {
  ActivityCounts counts = periods;
  const bool buffered = periods.shared_read_bytes + periods.shared_write_bytes > 0;
  counts.macs = {};
  if (!kernel_->causal) counts.macs[static_cast<std::size_t>(kernel_->mac_dtype)] = exact.macs;
  counts.requested_write_bytes = exact.stored_bytes;
  if (exact.loaded_bytes) {
    if (periods.requested_read_bytes > 0) {
      const double ratio =
          static_cast<double>(*exact.loaded_bytes) / static_cast<double>(periods.requested_read_bytes);
      for (auto member : {&ActivityCounts::dram_read_bytes, &ActivityCounts::outer_read_bytes,
                          &ActivityCounts::outer_fill_bytes, &ActivityCounts::multicast_bytes})
        counts.*member = static_cast<std::uint64_t>(static_cast<double>(periods.*member) * ratio);
    }
    counts.requested_read_bytes = *exact.loaded_bytes;
  }
  counts.noc_bytes = counts.requested_read_bytes + counts.requested_write_bytes;
  if (periods.noc_bytes > 0) {
    counts.noc_hop_bytes = static_cast<std::uint64_t>(static_cast<double>(periods.noc_hop_bytes) *
                                                      static_cast<double>(counts.noc_bytes) /
                                                      static_cast<double>(periods.noc_bytes));
  }
  const std::uint64_t read = counts.requested_read_bytes - counts.multicast_bytes;
  if (buffered) {
    counts.shared_read_bytes = read;
    counts.shared_write_bytes = counts.requested_write_bytes;
    counts.shared_fill_bytes = counts.outer_read_bytes + counts.dram_read_bytes - counts.outer_fill_bytes;
  } else {
    counts.dram_read_bytes = read;
    counts.dram_write_bytes = counts.requested_write_bytes;
  }
  return counts;
}

}  // namespace orrery
