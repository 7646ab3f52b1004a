#include "models/control/fast_forward.h"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace orrery {
namespace {

constexpr double kNoBias = 0.05;  // less of it is how the stretches happen to be cut
// Of the misses of simulated stretches against forecast ones: more of them, and the cores are out of step,
// which may pass.
constexpr double kLeastBias = 0.6;
constexpr double kMostBias = 1.15;
constexpr std::uint64_t kLookAhead = 4;      // waves that say so
constexpr std::uint64_t kTailWaves = 1;      // always simulated
constexpr std::uint64_t kBatchesAWave = 8;   // DRAM write batches a wave sees: one more or less is little
constexpr std::uint64_t kFewStores = 100;    // times as much loaded: when batches go out is nothing
constexpr std::uint64_t kLeastItems = 8;     // of a wave
constexpr std::uint64_t kMostInAWave = 16;   // rounds of items
constexpr std::uint64_t kWarmRounds = 4;     // times every buffer is refilled before waves are a pattern
constexpr std::uint64_t kRefills = 3;        // of every buffer, before half strides are believed
constexpr std::uint64_t kLeastStrides = 12;  // an item has, for strides to be worth watching
constexpr std::uint64_t kLeastJump = 4;      // of half strides
constexpr std::uint32_t kWarmStrides = 1;    // whose time is not believed

std::uint64_t scaled(std::uint64_t of, std::uint64_t by, std::uint64_t over) {
  if (over == 0) return 0;
  return static_cast<std::uint64_t>(static_cast<double>(of) * static_cast<double>(by) /
                                    static_cast<double>(over));
}

// So many items, of element-wise kernels, that waves of them hold as many as each other of those that the
// last column's edge cuts.
std::uint64_t whole_rows(const TileKernel& kernel, std::uint64_t at_once) {
  const bool cut = kernel.n % kernel.tile_n != 0;
  if (!kernel.matrix_steps.empty() || !cut) return at_once;
  const std::uint64_t unit = std::lcm(at_once, kernel.n_tiles());
  return unit <= kMostInAWave * at_once ? unit : at_once;
}

}  // namespace

void FastForward::begin(const KernelLaunch& launch, bool allowed, bool run_ahead, Bytes write_batch,
                        double lanes_fs, Forecast& forecast, WorkQueue& queue, SlotObserver& slots,
                        Femtoseconds now) {
  launch_ = &launch;
  lanes_fs_ = lanes_fs;
  const TileKernel& kernel = launch.front();
  forecast_ = &forecast;
  queue_ = &queue;
  slots_ = &slots;
  skipped_time_ = 0;
  skipped_counts_ = ActivityCounts{};
  patterns_.clear();
  done_ = 0;
  left_out_ = 0;
  // Scattered reads go at a pace of their own, far below the memory's: no share of it says what paces.
  for (const KernelOperand& operand : kernel.inputs) allowed = allowed && !operand.irregular;
  const std::uint64_t at_once = items_at_once(kernel);
  std::uint64_t stages = 0;  // of the longest items
  for (const TileKernel& k : launch.kernels())
    stages = std::max(stages, ceil_div<std::uint64_t>(k.k_tiles(), k.split_k));
  Bytes stored;  // an item
  for (const KernelOperand& operand : kernel.outputs) stored += operand_bytes(kernel, operand, WorkItem{}, 0);
  Bytes loaded;
  for (const KernelOperand& operand : kernel.inputs)
    loaded += operand_bytes(kernel, operand, WorkItem{}, 0) * (operand.once ? 1 : stages);
  const std::uint64_t batches =
      stored * kFewStores < loaded ? 0 : ceil_div(kBatchesAWave * write_batch, std::max(stored, Bytes{1}));
  // Batches have operands of their own, and masked items differ in length: a whole batch repeats, if it is
  // short.
  const std::uint64_t plane = kernel.m_tiles() * kernel.n_tiles() * kernel.split_k;
  whole_batches_ = launch.kernels().size() == 1 && kernel.batch > 1 && plane <= 4 * at_once;
  const std::uint64_t unit = whole_batches_ ? plane : whole_rows(kernel, at_once);
  wave_items_ = round_up(std::max({at_once, std::min(batches, kMostInAWave * at_once), kLeastItems}), unit);
  warm_items_ = run_ahead ? ceil_div(kWarmRounds * kernel.pipeline_stages, stages) * kernel.cores_used : 0;
  // Items of unlike kernels end when they end: no wave of them says how long another takes.
  const bool alike = launch.kernels().size() == 1;
  waves_ = allowed && alike && launch.items() > (3 + kTailWaves) * wave_items_ + warm_items_ + at_once;
  wave_watch_.forget();
  wave_watch_.start(now, counts_);
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

void FastForward::wave_done(Femtoseconds at, Femtoseconds now) {
  Stretch wave = wave_watch_.end(at + skipped_time_, backlog(now), counts_now());
  // The first wave, and what fills the buffers ahead, take longer or shorter than the rest.
  if (wave_watch_.seen == 1 || wave_watch_.seen * wave_items_ < warm_items_) return;
  wave.elements = elements_of(left_out_ + done_ - wave_items_, wave_items_);
  wave_watch_.remember(wave);
  const std::optional<Pattern> pattern =
      pattern_of(wave_watch_.history, false, launch_->front().pipeline_stages, pace_);
  if (!pattern) return;
  learn(*pattern);
  if (!skip_waves(*pattern)) return;
  // What is measured next does not hold what was left out.
  wave_watch_.start(at + skipped_time_, counts_now());
}

// Makes the items under way the last ones before where `skipped` end; or, in whole planes, where items differ
// in length and long ones are left behind by short ones, those as many later. False where too few are
// skipped.
bool FastForward::place(std::uint64_t skipped) {
  if (skipped == 0 || skipped < positions_.size()) return false;
  const std::uint64_t end = queue_->next_index() + skipped;
  const auto length = [](const WorkItem& item) { return item.k_end - item.k_begin; };
  goals_.clear();
  bool alike = true;
  for (std::size_t i = 0; i < positions_.size(); ++i) {
    goals_.push_back(end - positions_.size() + i);
    alike = alike && length(launch_->item(goals_[i])) == length(positions_[i].item);
  }
  if (!alike) {
    if (!whole_batches_) return false;
    for (std::size_t i = 0; i < positions_.size(); ++i) goals_[i] = places_[i] + skipped;
    if (goals_.front() < queue_->next_index()) return false;
  }
  for (std::size_t i = 0; i < positions_.size(); ++i) {
    SlotPosition& p = positions_[i];
    const WorkItem goal = launch_->item(goals_[i]);
    p.next_k = goal.k_begin + (p.next_k - p.item.k_begin);
    p.item = goal;
  }
  return true;
}

// Forecast stretches run in step; simulated ones find more or less of each other's tiles. What the next waves
// are forecast to miss, against what those just simulated did. They are still to be taken back.
FastForward::Bias FastForward::bias_against(const Pattern& latest) {
  // Little is read twice where all inputs fit, or where half of what is asked for misses.
  if (launch_->input_bytes() <= pace_.shared_bytes ||
      latest.counts.requested_read_bytes <= 2 * latest.counts.dram_read_bytes)
    return {};
  const std::uint64_t waves = std::min(kLookAhead, queue_->left() / wave_items_);
  ActivityCounts next;
  if (waves > 0) next = forecast_->items(queue_->next_index(), waves * wave_items_);
  // What a wave reads for the first time, in the mean, misses whoever has run in step.
  const double first_reads = launch_->input_bytes().real() * static_cast<double>(wave_items_) /
                             static_cast<double>(launch_->items());
  const auto ratio = [&](std::uint64_t of_next, std::uint64_t of_latest) {
    const double forecast =
        static_cast<double>(of_next) / static_cast<double>(std::max<std::uint64_t>(1, waves));
    const double found = static_cast<double>(of_latest) / static_cast<double>(latest.stretches);
    if (forecast <= 0 || found <= 0) return 1.0;
    const double r = std::max(found / forecast, std::min(1.0, first_reads / forecast));
    return std::abs(r - 1) < kNoBias || r < kLeastBias || r > kMostBias ? 1.0 : r;
  };
  return {ratio(next.levels[0].fill_bytes, latest.counts.levels[0].fill_bytes),
          ratio(next.dram_read_bytes, latest.counts.dram_read_bytes)};
}

// What one level misses more or less, the next one serves.
ActivityCounts FastForward::Bias::corrected(ActivityCounts c) const {
  LevelCounts& inner = c.levels[0];
  if (inner.fill_bytes == 0) return c;  // no levels
  const auto times = [](std::uint64_t count, double by) {
    return static_cast<std::uint64_t>(std::llround(static_cast<double>(count) * by));
  };
  const std::uint64_t missed = std::min(times(inner.fill_bytes, shared_fill), c.requested_read_bytes);
  const std::uint64_t from_dram = std::min(times(c.dram_read_bytes, dram_read), missed);
  std::size_t last = 0;
  while (last + 1 < c.levels.size() && c.levels[last + 1].read_bytes > 0) ++last;
  (last == 0 ? c.dram_read_bytes : c.levels[1].read_bytes) += missed - inner.fill_bytes;
  inner.fill_bytes = missed;
  if (last == 0) return c;
  // What lies between serves and misses no more than it is asked for.
  for (std::size_t i = 1; i < last; ++i) {
    c.levels[i].fill_bytes = std::max(from_dram, std::min(c.levels[i].fill_bytes, c.levels[i].read_bytes));
    c.levels[i + 1].read_bytes = c.levels[i].fill_bytes;
  }
  c.levels[last].fill_bytes = from_dram;
  c.dram_read_bytes = from_dram;
  return c;
}

// The items under way go on to their ends and the next waves run, all but the last items, which get as far as
// those under way have got: those are what the cores then have.
bool FastForward::skip_waves(const Pattern& latest) {
  if (queue_->left() < (1 + kTailWaves) * wave_items_) return false;
  positions_.clear();
  slots_->under_way(positions_);
  const auto by_item = [](const SlotPosition& a, const SlotPosition& b) {
    return a.item.index < b.item.index;
  };
  std::sort(positions_.begin(), positions_.end(), by_item);
  places_.clear();
  for (const SlotPosition& p : positions_) places_.push_back(p.item.index);
  forecast_->remember();
  const Forecast::Point begin = forecast_->point();
  ActivityCounts all = forecast_->rest_of(positions_);
  // What the levels were before so many of the next waves, of which `then` was noted.
  const auto back_to = [&](std::uint64_t waves, const Forecast::Point& then) {
    if (forecast_->reaches(then)) {
      forecast_->undo(then);
      return;
    }
    forecast_->undo(begin);
    std::vector<SlotPosition> under_way;  // as they still are, wherever positions_ have been placed
    slots_->under_way(under_way);
    std::sort(under_way.begin(), under_way.end(), by_item);
    forecast_->rest_of(under_way);
    for (std::uint64_t w = 0; w < waves; ++w)
      forecast_->items(queue_->next_index() + w * wave_items_, wave_items_);
  };
  const Forecast::Point at_waves = forecast_->point();
  const Bias bias = bias_against(latest);
  back_to(0, at_waves);
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
      back_to(begun + taken, before[begun + taken].first);
      all = before[begun + taken].second;
      before.resize(begun + taken);
    }
    if (found == nullptr) break;
    current = found;
    sum += next[taken - 1];
    in_a_row += taken;
    const double share = static_cast<double>(taken) / static_cast<double>(current->stretches);
    time += from_femtoseconds(share * static_cast<double>(current->time) *
                              paced_by(*current, queue_->next_index() + skipped, taken * wave_items_, share));
    alike += current->counts;
    skipped += taken * wave_items_;
  }
  const std::uint64_t under_way = elements_of(positions_);
  if (!place(skipped)) {
    forecast_->undo(begin);
    forecast_->keep();
    return false;
  }
  // Back to the wave that the first of them lies in, and forward again with them as they are.
  const std::uint64_t first = goals_.empty() ? queue_->next_index() + skipped : goals_.front();
  const std::uint64_t waves = skipped / wave_items_;
  const std::uint64_t from = std::min(waves, (first - queue_->next_index()) / wave_items_);
  if (from < waves) {
    back_to(from, before[from].first);
    all = before[from].second;
    all += bias.corrected(forecast_->items(queue_->next_index() + from * wave_items_,
                                           (waves - from) * wave_items_, positions_));
  }
  forecast_->keep();
  take(all, alike);
  // All lanes busy, so much more work as there is: no pattern is faster than they are.
  const double left_out = static_cast<double>(elements_of(queue_->next_index(), skipped) + under_way) -
                          static_cast<double>(elements_of(positions_));
  skipped_time_ += from_femtoseconds(
      std::max({0.0, lanes_fs_ * left_out, static_cast<double>(time) + rest_of_others(under_way, *current)}));
  queue_->skip(skipped);
  left_out_ += skipped;
  slots_->shift(places_, goals_);
  return true;
}

// Element by element, time goes by the elements: waves with items that edges cut take less than those that
// they are like.
double FastForward::paced_by(const Pattern& pattern, std::uint64_t first, std::uint64_t items,
                             double share) const {
  if (!element_wise() || pattern.elements == 0) return 1;
  return static_cast<double>(elements_of(first, items)) / (share * static_cast<double>(pattern.elements));
}

std::uint64_t FastForward::elements_of(const WorkItem& item) const {
  const TileKernel& kernel = launch_->front();
  return length_at(kernel, tile_of(LoopDim::m), item, 0) * length_at(kernel, tile_of(LoopDim::n), item, 0);
}

std::uint64_t FastForward::elements_of(std::uint64_t first, std::uint64_t items) const {
  if (!element_wise()) return 0;
  std::uint64_t sum = 0;
  for (std::uint64_t i = first; i < first + items; ++i) sum += elements_of(launch_->item(i));
  return sum;
}

std::uint64_t FastForward::elements_of(const std::vector<SlotPosition>& positions) const {
  std::uint64_t sum = 0;
  for (const SlotPosition& p : positions) {
    if (p.next_k < p.item.k_end) sum += elements_of(p.item);  // the lanes are through with the rest
  }
  return sum;
}

// Items under way that others took the place of had more to do than those, or less.
double FastForward::rest_of_others(std::uint64_t elements, const Pattern& pattern) const {
  const std::uint64_t now = elements_of(positions_);
  if (!element_wise() || pattern.elements == 0) return 0;
  return (static_cast<double>(elements) - static_cast<double>(now)) * static_cast<double>(pattern.time) /
         static_cast<double>(pattern.elements);
}

// What no forecast says goes in the proportions of what is alike.
void FastForward::take(ActivityCounts forecast, const ActivityCounts& p) {
  forecast.multicast_bytes = scaled(p.multicast_bytes, forecast.requested_read_bytes, p.requested_read_bytes);
  forecast.noc_hop_bytes = scaled(p.noc_hop_bytes, forecast.noc_bytes, p.noc_bytes);
  forecast.dram_activates = scaled(p.dram_activates, forecast.dram_bytes(), p.dram_bytes());
  if (p.levels[0].read_bytes + p.levels[0].write_bytes > 0) {
    forecast.levels[0].read_bytes = forecast.requested_read_bytes - forecast.multicast_bytes;
    forecast.levels[0].write_bytes = forecast.requested_write_bytes;
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
  // In short items the buffers' first fill is a large part: it is over when each has been refilled some
  // times.
  const std::uint64_t warm =
      stride_ < kStride ? ceil_div<std::uint64_t>(kRefills * launch_->front().pipeline_stages, stride_)
                        : kWarmStrides;
  if (stride_watch_.seen > warm) {
    stride_watch_.remember(stride);
    const std::optional<Pattern> pattern =
        pattern_of(stride_watch_.history, true, launch_->front().pipeline_stages, pace_);
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
  const std::uint64_t margin = 2 * launch_->front().pipeline_stages + 2;
  std::uint64_t jumped = 0;
  ActivityCounts sum;  // of what is jumped
  forecast_->remember();
  const Forecast::Point begin = forecast_->point();
  while (least >= margin + jumped + stride_) {
    const Forecast::Point before = forecast_->point();
    const ActivityCounts next = forecast_->stages(positions_, stride_);
    ActivityCounts more = sum;
    more += next;
    if (!same_work(pattern, more, jumped / stride_ + 1)) {
      if (forecast_->reaches(before)) {
        forecast_->undo(before);
        break;
      }
      forecast_->undo(begin);
      for (SlotPosition& p : positions_) p.next_k -= jumped;
      for (std::uint64_t again = 0; again < jumped; again += stride_) {
        forecast_->stages(positions_, stride_);
        for (SlotPosition& p : positions_) p.next_k += stride_;
      }
      break;
    }
    sum = more;
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
  take(sum, pattern.counts);
  skipped_time_ +=
      pattern.time / static_cast<Femtoseconds>(pattern.stretches) * static_cast<Femtoseconds>(strides);
  slots_->jump(jumped);
  return true;
}

}  // namespace orrery
