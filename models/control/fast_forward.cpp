#include "models/control/fast_forward.h"

#include <algorithm>
#include <cmath>
#include <iterator>

namespace orrery {
namespace {

// Relative differences of the two halves of a pattern, by how many stretches a half has: more of them average
// out where their boundaries fall.
constexpr double kSameTime[] = {0.005, 0.007, 0.015};
constexpr double kSamePace = 0.01;  // where memory paces
constexpr std::size_t kHalves[] = {1, 2, 4};
constexpr std::size_t kRepeats = 3;  // stretches in a row that did the very same
constexpr double kVerySame = 0.001;  // of their time and traffic

constexpr double kSameWork = 0.01;     // the same of what engines do and cores ask for
constexpr double kSameTraffic = 0.02;  // the same of what buffers miss and write back
constexpr double kLump = 0.06;         // of a stretch's traffic: tiles come and go in lumps
constexpr double kBump = 0.5;          // of a stretch's reads of an idle memory: where a group of tiles ends
constexpr double kNoBias = 0.05;       // less of it is how the stretches happen to be cut
// Of the misses of simulated stretches against forecast ones: more of them, and the cores are out of step,
// which may pass.
constexpr double kLeastBias = 0.6;
constexpr double kMostBias = 1.15;
constexpr std::uint64_t kLookAhead = 4;  // waves that say so
constexpr double kNegligible = 1e-4;     // of the bytes asked for: less is no difference
constexpr double kIdle = 0.5;            // a memory busy for less of the time than this does not pace
constexpr double kPaces = 0.6;           // and one busy for more may pace the whole kernel
constexpr double kLittle = 0.03;         // of the time: more or less of it there is no difference
constexpr double kFallsBehind = 0.01;    // of the time: work that memory may have more of at a stretch's end
constexpr std::uint32_t kDeep = 3;       // buffers with which loads run well ahead
constexpr std::uint64_t kTailWaves = 1;  // always simulated
constexpr std::uint64_t kBatchesAWave = 8;   // DRAM write batches a wave sees: one more or less is little
constexpr std::uint64_t kLeastItems = 8;     // of a wave
constexpr std::uint64_t kWarmRounds = 4;     // times every buffer is refilled before waves are a pattern
constexpr std::uint64_t kLeastStrides = 12;  // an item has, for strides to be worth watching
constexpr std::uint64_t kLeastJump = 4;      // of half strides
constexpr std::uint32_t kWarmStrides = 1;    // whose time is not believed

std::uint64_t scaled(std::uint64_t of, std::uint64_t by, std::uint64_t over) {
  if (over == 0) return 0;
  return static_cast<std::uint64_t>(static_cast<double>(of) * static_cast<double>(by) /
                                    static_cast<double>(over));
}

}  // namespace

// Engines, bytes asked for, and what the levels make of them. How much a memory moves matters as far as it is
// busy: tiles come in lumps, which a stretch may have one more or less of.
bool FastForward::same_work(const Pattern& pattern, const ActivityCounts& counts,
                            std::uint64_t stretches) const {
  using C = ActivityCounts;
  const double share = static_cast<double>(stretches) / static_cast<double>(pattern.stretches);
  const auto expected = [&](std::uint64_t C::*member) {
    return static_cast<double>(pattern.counts.*member) * share;
  };
  const auto found = [&](std::uint64_t C::*member) { return static_cast<double>(counts.*member); };
  const auto difference = [&](std::uint64_t C::*member) {
    return std::abs(expected(member) - found(member));
  };
  const auto many = static_cast<double>(stretches);
  for (auto member : {&C::issued_macs, &C::vector_ops, &C::transcendental_ops, &C::requested_read_bytes,
                      &C::requested_write_bytes}) {
    if (difference(member) > kSameWork * std::max(expected(member), found(member))) return false;
  }
  const double asked =
      kNegligible * (expected(&C::requested_read_bytes) + expected(&C::requested_write_bytes));
  const double time = static_cast<double>(pattern.time) * share;
  // As long as the memory keeps up and loads run well ahead, nothing waits for it: reads may come in bumps
  // that even out, and write-backs when they like.
  const auto same = [&](std::uint64_t C::*reads, std::uint64_t C::*writes, double fs_per_byte) {
    const double busiest =
        std::max(expected(reads) + expected(writes), found(reads) + found(writes)) * fs_per_byte;
    const bool idle = busiest <= kIdle * time;
    for (auto member : {reads, writes}) {
      const double most = std::max(expected(member), found(member));
      if (difference(member) <= asked || difference(member) <= (kSameTraffic + kLump / many) * most) continue;
      if (!idle) return false;
      if (kernel_->pipeline_stages >= kDeep) {
        if (member == reads && difference(member) > (kSameTraffic + kBump / many) * most) return false;
      } else if (difference(member) * fs_per_byte > kLittle * time) {
        return false;
      }
    }
    return true;
  };
  return same(&C::shared_fill_bytes, &C::shared_writeback_bytes, pace_.behind_fs_per_byte) &&
         same(&C::outer_fill_bytes, &C::outer_writeback_bytes, pace_.dram_fs_per_byte) &&
         same(&C::dram_read_bytes, &C::dram_write_bytes, pace_.dram_fs_per_byte);
}

// Whether the last stretches differ in nothing: nobody falls into step there or out of it.
bool FastForward::repeats(const std::vector<Stretch>& history) {
  if (history.size() < kRepeats) return false;
  const Stretch& last = history.back();
  const auto same = [](std::uint64_t a, std::uint64_t b) {
    const auto most = static_cast<double>(std::max(a, b));
    return most - static_cast<double>(std::min(a, b)) <= kVerySame * most;
  };
  return std::all_of(history.end() - kRepeats, history.end() - 1, [&](const Stretch& s) {
    return same(static_cast<std::uint64_t>(s.time), static_cast<std::uint64_t>(last.time)) &&
           same(s.counts.dram_read_bytes, last.counts.dram_read_bytes) &&
           same(s.counts.dram_write_bytes, last.counts.dram_write_bytes) &&
           same(s.counts.shared_fill_bytes, last.counts.shared_fill_bytes);
  });
}

// Whether the end of a history is a pattern: two halves, of one, two or four stretches each, that did the
// same work in the same time.
std::optional<FastForward::Pattern> FastForward::pattern_of(const std::vector<Stretch>& history,
                                                            bool inside_items) const {
  for (std::size_t i = 0; i < std::size(kHalves); ++i) {
    const std::size_t half = kHalves[i];
    if (history.size() < 2 * half) break;
    Pattern before;
    Pattern after;
    for (std::size_t n = 1; n <= half; ++n) {
      after.add(history[history.size() - n]);
      before.add(history[history.size() - half - n]);
    }
    const double difference = std::abs(static_cast<double>(after.time - before.time));
    // A memory that falls behind will make itself felt.
    const Stretch& last = history.back();
    const Stretch& first = history[history.size() - 1 - half];
    const double behind = static_cast<double>(last.backlog - first.backlog);
    if (std::abs(behind) > kFallsBehind * static_cast<double>(after.time)) continue;
    // Where memory paces, waves fall into step and out of it again: only many of them say how long one takes.
    const double moved = static_cast<double>(after.counts.dram_bytes()) * pace_.dram_fs_per_byte;
    const bool paced = moved > kPaces * static_cast<double>(after.time);
    if (paced && i + 1 < std::size(kHalves) && !(inside_items && repeats(history))) continue;
    const double tolerance = paced ? std::min(kSameTime[i], kSamePace) : kSameTime[i];
    if (after.time <= 0 || difference > tolerance * static_cast<double>(after.time)) continue;
    if (!same_work(before, after.counts, half)) continue;
    after.time += before.time;
    after.counts += before.counts;
    after.stretches += before.stretches;
    after.period = half;
    return after;
  }
  return std::nullopt;
}

void FastForward::begin(const TileKernel& kernel, bool allowed, bool run_ahead,
                        std::uint64_t write_batch_bytes, Forecast& forecast, WorkQueue& queue,
                        SlotObserver& slots, Femtoseconds now) {
  kernel_ = &kernel;
  forecast_ = &forecast;
  queue_ = &queue;
  slots_ = &slots;
  skipped_time_ = 0;
  skipped_counts_ = ActivityCounts{};
  patterns_.clear();
  done_ = 0;
  // Scattered reads go at a pace of their own, far below the memory's: no share of it says what paces.
  for (const KernelOperand& operand : kernel.inputs) allowed = allowed && !operand.irregular;
  const std::uint64_t at_once = items_at_once(kernel);
  std::uint64_t stored = 0;  // an item
  for (const KernelOperand& operand : kernel.outputs) stored += operand_bytes(kernel, operand, WorkItem{}, 0);
  const std::uint64_t batches =
      ceil_div(kBatchesAWave * write_batch_bytes, std::max<std::uint64_t>(stored, 1));
  // Batches have operands of their own, and masked items differ in length: a whole batch repeats, if it is
  // short.
  const std::uint64_t plane = kernel.m_tiles() * kernel.n_tiles() * kernel.split_k;
  const std::uint64_t unit = kernel.batch > 1 && plane <= 4 * at_once ? plane : at_once;
  wave_items_ = round_up(std::max({at_once, std::min(batches, 16 * at_once), kLeastItems}), unit);
  warm_items_ = run_ahead ? kWarmRounds * kernel.pipeline_stages * kernel.cores_used : 0;
  waves_ = allowed && kernel.items() > (3 + kTailWaves) * wave_items_ + warm_items_ + at_once;
  wave_watch_.forget();
  wave_watch_.start(now, counts_);
  const std::uint64_t stages = ceil_div<std::uint64_t>(kernel.k_tiles(), kernel.split_k);
  stride_ = stages >= kLeastStrides * kStride ? kStride : kStride / 2;
  strides_ = allowed && stages >= kLeastStrides * stride_;
  stride_watch_.forget();
  stride_watch_.start(now, counts_);
  stride_slots_ = 0;
  stages_left_ = at_once * stride_;
}

Femtoseconds FastForward::backlog(Femtoseconds now) const {
  return std::max<Femtoseconds>(0, slots_->memory_busy_until() - now);
}

ActivityCounts FastForward::counts_now() const {
  ActivityCounts all = counts_;
  all += skipped_counts_;
  return all;
}

void FastForward::item_done(Femtoseconds at, Femtoseconds now) {
  if (waves_ && ++done_ % wave_items_ == 0) wave_done(at, now);
}

void FastForward::learn(const Pattern& pattern) {
  for (Pattern& known : patterns_) {
    if (!same_work(known, pattern.counts, pattern.stretches)) continue;
    known = pattern;
    return;
  }
  if (patterns_.size() == kMostPatterns) patterns_.erase(patterns_.begin());
  patterns_.push_back(pattern);
}

void FastForward::Watch::start(Femtoseconds at, const ActivityCounts& counts) {
  begin = at;
  counts_then = counts;
}

FastForward::Stretch FastForward::Watch::end(Femtoseconds at, Femtoseconds backlog,
                                             const ActivityCounts& counts) {
  const Stretch stretch{at - begin, backlog, counts - counts_then};
  start(at, counts);
  ++seen;
  return stretch;
}

void FastForward::Watch::remember(const Stretch& stretch) {
  if (history.size() == kMostHistory) history.erase(history.begin());
  history.push_back(stretch);
}

void FastForward::Watch::forget() {
  seen = 0;
  history.clear();
}

void FastForward::wave_done(Femtoseconds at, Femtoseconds now) {
  const Stretch wave = wave_watch_.end(at + skipped_time_, backlog(now), counts_now());
  // The first wave, and what fills the buffers ahead, take longer or shorter than the rest.
  if (wave_watch_.seen == 1 || wave_watch_.seen * wave_items_ < warm_items_) return;
  wave_watch_.remember(wave);
  const std::optional<Pattern> pattern = pattern_of(wave_watch_.history, false);
  if (!pattern) return;
  learn(*pattern);
  if (!skip_waves(*pattern)) return;
  // What is measured next does not hold what was left out.
  wave_watch_.start(at + skipped_time_, counts_now());
}

// Makes the items under way the last ones before `end`; false where those are too few, or differ in length.
bool FastForward::place_last(std::uint64_t end) {
  const std::uint64_t first = end - positions_.size();
  for (std::size_t i = 0; i < positions_.size(); ++i) {
    const WorkItem last = work_item(*kernel_, first + i);
    const WorkItem& now = positions_[i].item;
    if (last.k_end - last.k_begin != now.k_end - now.k_begin) return false;
  }
  for (std::size_t i = 0; i < positions_.size(); ++i) {
    SlotPosition& p = positions_[i];
    const WorkItem last = work_item(*kernel_, first + i);
    p.next_k = last.k_begin + (p.next_k - p.item.k_begin);
    p.item = last;
  }
  return true;
}

// Forecast stretches run in step; simulated ones find more or less of each other's tiles. What the next waves
// are forecast to miss, against what those just simulated did.
FastForward::Bias FastForward::bias_against(const Pattern& latest) {
  // Nothing is read twice where all inputs fit, or where no tile is asked for twice.
  std::uint64_t inputs = 0;
  for (const KernelOperand& operand : kernel_->inputs) inputs += operand.tensor_bytes;
  if (inputs <= pace_.shared_bytes || latest.counts.requested_read_bytes <= 2 * latest.counts.dram_read_bytes)
    return {};
  const Forecast::Point begin = forecast_->point();
  const std::uint64_t waves = std::min(kLookAhead, queue_->left() / wave_items_);
  ActivityCounts next;
  if (waves > 0) next = forecast_->items(queue_->next_index(), waves * wave_items_);
  forecast_->undo(begin);
  const auto ratio = [&](std::uint64_t ActivityCounts::*member) {
    const double forecast =
        static_cast<double>(next.*member) / static_cast<double>(std::max<std::uint64_t>(1, waves));
    const double found = static_cast<double>(latest.counts.*member) / static_cast<double>(latest.stretches);
    if (forecast <= 0 || found <= 0) return 1.0;
    const double r = found / forecast;
    return std::abs(r - 1) < kNoBias || r < kLeastBias || r > kMostBias ? 1.0 : r;
  };
  return {ratio(&ActivityCounts::shared_fill_bytes), ratio(&ActivityCounts::dram_read_bytes)};
}

// What one level misses more or less, the next one serves.
ActivityCounts FastForward::Bias::corrected(ActivityCounts c) const {
  if (c.shared_fill_bytes == 0) return c;  // no levels
  const auto times = [](std::uint64_t count, double by) {
    return static_cast<std::uint64_t>(std::llround(static_cast<double>(count) * by));
  };
  const std::uint64_t missed = times(c.shared_fill_bytes, shared_fill);
  const std::uint64_t from_dram = times(c.dram_read_bytes, dram_read);
  const bool one_level = c.outer_read_bytes + c.outer_fill_bytes == 0;
  (one_level ? c.dram_read_bytes : c.outer_read_bytes) += missed - c.shared_fill_bytes;
  c.shared_fill_bytes = missed;
  if (one_level) return c;
  c.outer_fill_bytes += from_dram - c.dram_read_bytes;
  c.dram_read_bytes = from_dram;
  return c;
}

// The items under way go on to their ends and the next waves run, all but the last items, which get as far as
// those under way have got: those are what the cores then have.
bool FastForward::skip_waves(const Pattern& latest) {
  if (queue_->left() < (1 + kTailWaves) * wave_items_) return false;
  positions_.clear();
  slots_->under_way(positions_);
  std::sort(positions_.begin(), positions_.end(),
            [](const SlotPosition& a, const SlotPosition& b) { return a.item.index < b.item.index; });
  places_.clear();
  for (const SlotPosition& p : positions_) places_.push_back(p.item.index);
  forecast_->remember();
  const Forecast::Point begin = forecast_->point();
  ActivityCounts all = forecast_->rest_of(positions_);
  const Bias bias = bias_against(latest);
  const Pattern* current = nullptr;  // and what was forecast since it is
  ActivityCounts sum;
  std::uint64_t in_a_row = 0;
  std::uint64_t skipped = 0;
  Femtoseconds time = 0;
  ActivityCounts alike;
  // Of each wave: before it, what the levels and the counts were.
  std::vector<std::pair<Forecast::Point, ActivityCounts>> before;
  // What comes next may be one period of a pattern, or of another.
  std::vector<ActivityCounts> next;  // of the next 1, 2, ... waves together
  while (true) {
    const std::uint64_t begun = skipped / wave_items_;
    next.clear();
    const Pattern* found = nullptr;
    const auto try_pattern = [&](const Pattern& p, const ActivityCounts& so_far, std::uint64_t waves) {
      if (queue_->left() < skipped + (p.period + kTailWaves) * wave_items_) return false;
      while (next.size() < p.period) {
        before.emplace_back(forecast_->point(), all);
        const ActivityCounts wave = bias.corrected(
            forecast_->items(queue_->next_index() + (begun + next.size()) * wave_items_, wave_items_));
        all += wave;
        next.push_back(next.empty() ? ActivityCounts{} : next.back());
        next.back() += wave;
      }
      ActivityCounts together = so_far;
      together += next[p.period - 1];
      return same_work(p, together, waves + p.period);
    };
    if (current != nullptr && try_pattern(*current, sum, in_a_row)) {
      found = current;
    } else {
      for (const Pattern& p : patterns_) {
        if (!try_pattern(p, {}, 0)) continue;
        found = &p;
        break;
      }
      if (found != nullptr) sum = ActivityCounts{};
      in_a_row = 0;
    }
    const std::uint64_t taken = found == nullptr ? 0 : found->period;
    // Waves that were looked at and not taken.
    if (next.size() > taken) {
      forecast_->undo(before[begun + taken].first);
      all = before[begun + taken].second;
      before.resize(begun + taken);
    }
    if (found == nullptr) break;
    current = found;
    sum += next[taken - 1];
    in_a_row += taken;
    const double share = static_cast<double>(taken) / static_cast<double>(current->stretches);
    time += from_femtoseconds(share * static_cast<double>(current->time));
    alike += current->counts;
    skipped += taken * wave_items_;
  }
  const std::uint64_t end = queue_->next_index() + skipped;
  if (skipped < positions_.size() || skipped == 0 || !place_last(end)) {
    forecast_->undo(begin);
    forecast_->keep();
    return false;
  }
  // Back to the wave that the first of them lies in, and forward again with them as they are.
  const std::uint64_t first = end - positions_.size();
  const std::uint64_t waves = skipped / wave_items_;
  const std::uint64_t from = std::min(waves, (first - queue_->next_index()) / wave_items_);
  if (from < waves) {
    forecast_->undo(before[from].first);
    all = before[from].second;
    all += bias.corrected(forecast_->items(queue_->next_index() + from * wave_items_,
                                           (waves - from) * wave_items_, positions_));
  }
  forecast_->keep();
  take(all, alike);
  skipped_time_ += time;
  queue_->skip(skipped);
  slots_->shift(places_, first);
  return true;
}

// What no forecast says goes in the proportions of what is alike.
void FastForward::take(ActivityCounts forecast, const ActivityCounts& p) {
  forecast.multicast_bytes = scaled(p.multicast_bytes, forecast.requested_read_bytes, p.requested_read_bytes);
  forecast.noc_hop_bytes = scaled(p.noc_hop_bytes, forecast.noc_bytes, p.noc_bytes);
  forecast.dram_activates = scaled(p.dram_activates, forecast.dram_bytes(), p.dram_bytes());
  if (p.shared_read_bytes + p.shared_write_bytes > 0) {
    forecast.shared_read_bytes = forecast.requested_read_bytes - forecast.multicast_bytes;
    forecast.shared_write_bytes = forecast.requested_write_bytes;
  } else if (forecast.multicast_bytes > 0) {
    forecast.dram_read_bytes = forecast.requested_read_bytes - forecast.multicast_bytes;
  }
  skipped_counts_ += forecast;
}

void FastForward::begin_stride(Femtoseconds now) {
  positions_.clear();
  slots_->positions(positions_);
  if (positions_.size() != stride_slots_) {
    stride_slots_ = positions_.size();
    stride_watch_.forget();
  }
  stages_left_ = std::max<std::uint64_t>(1, stride_slots_) * stride_;
  stride_watch_.start(now, counts_);
}

void FastForward::stride_done(Femtoseconds now) {
  const Stretch stride = stride_watch_.end(now, backlog(now), counts_);
  if (stride_watch_.seen > kWarmStrides) {
    stride_watch_.remember(stride);
    const std::optional<Pattern> pattern = pattern_of(stride_watch_.history, true);
    // How much cores share depends on whether they stay in step, which few stages do not show.
    const bool shared = pattern && stride_ < kStride && pattern->counts.multicast_bytes > 0;
    if (pattern && !shared && jump_strides(*pattern)) stride_watch_.forget();
  }
  begin_stride(now);
}

bool FastForward::jump_strides(const Pattern& pattern) {
  positions_.clear();
  slots_->positions(positions_);
  if (positions_.size() != stride_slots_) return false;
  std::uint64_t least = UINT64_MAX;
  for (const SlotPosition& p : positions_) least = std::min(least, p.item.k_end - p.next_k);
  const std::uint64_t margin = 2 * kernel_->pipeline_stages + 2;
  std::uint64_t jumped = 0;
  ActivityCounts sum;
  ActivityCounts leaves;
  forecast_->remember();
  const Forecast::Point begin = forecast_->point();
  while (least >= margin + jumped + stride_) {
    const Forecast::Point before = forecast_->point();
    const ActivityCounts next = forecast_->stages(positions_, stride_);
    sum += next;
    if (!same_work(pattern, sum, jumped / stride_ + 1)) {
      forecast_->undo(before);
      break;
    }
    leaves += next;
    for (SlotPosition& p : positions_) p.next_k += stride_;
    jumped += stride_;
  }
  // A short jump gains little, and puts cores out of step as a long one does.
  const std::uint64_t strides = jumped / stride_;
  if (strides == 0 || (stride_ < kStride && strides < kLeastJump)) {
    forecast_->undo(begin);
    forecast_->keep();
    return false;
  }
  forecast_->keep();
  take(leaves, pattern.counts);
  skipped_time_ +=
      pattern.time / static_cast<Femtoseconds>(pattern.stretches) * static_cast<Femtoseconds>(strides);
  slots_->jump(jumped);
  return true;
}

}  // namespace orrery
