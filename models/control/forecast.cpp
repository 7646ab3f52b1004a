#include "models/control/forecast.h"

#include <algorithm>

namespace orrery {

void Forecast::begin(const KernelLaunch& launch, const std::vector<PlacedKernel>& kernels,
                     SharedLevels* shared) {
  launch_ = &launch;
  kernels_ = &kernels;
  at_once_ = items_at_once(launch.front());
  shared_ = shared;
}

void Forecast::remember() {
  if (shared_ != nullptr) shared_->remember_touches();
}

Forecast::Point Forecast::point() const {
  return shared_ != nullptr ? shared_->touch_point() : Point{};
}

bool Forecast::reaches(const Point& to) const {
  return shared_ == nullptr || shared_->reaches(to);
}

void Forecast::undo(const Point& to) {
  if (shared_ != nullptr) shared_->undo_touches(to);
}

void Forecast::keep() {
  if (shared_ != nullptr) shared_->keep_touches();
}

// `loads` consecutive tiles, the last of which may be clipped.
void Forecast::load(const PlacedKernel& placed, std::size_t operand, std::uint64_t first_tile,
                    std::uint64_t loads, Bytes bytes, Bytes last_bytes, ActivityCounts& counts) {
  if (loads == 0) return;
  const Bytes sum = bytes * (loads - 1) + last_bytes;
  counts.requested_read_bytes += sum.value();
  counts.scratchpad_write_bytes += sum.value();
  const KernelOperand& input = placed.kernel->inputs[operand];
  const bool walks = input.by_k && !input.once;
  panels_.push_back({operand, placed.inputs[operand].of(first_tile), walks ? loads : 1,
                     walks ? bytes : last_bytes, last_bytes});
}

// What the engines do in stages [from, to) of an item.
void Forecast::run_stages(const WorkItem& item, std::uint64_t from, std::uint64_t to,
                          ActivityCounts& counts) const {
  if (from >= to) return;
  const PlacedKernel& p = placed(item);
  ActivityCounts full;
  count_stage(full, *p.kernel, p.costs.stage(item, from));
  counts += full * (to - from - 1);
  count_stage(counts, *p.kernel, p.costs.stage(item, to - 1));
}

// The slot has the tile from the item before; such kernels have one stage an item.
bool Forecast::held_over(const KernelOperand& operand, const WorkItem& item) const {
  if (!operand.hold || item.index < at_once_) return false;
  const WorkItem before = launch_->item(item.index - at_once_);
  const TileKernel& kernel = launch_->of(item);
  return before.kernel == item.kernel && operand_tile(kernel, operand, before, before.k_begin) ==
                                             operand_tile(kernel, operand, item, item.k_begin);
}

// Everything of an item but its stores.
void Forecast::add_item(const WorkItem& item, ActivityCounts& counts) {
  const PlacedKernel& p = placed(item);
  count_item(counts, p.costs.item(item));
  if (item.k_end == item.k_begin) return;
  run_stages(item, item.k_begin, item.k_end, counts);
  const StageCost& full = p.costs.stage(item, item.k_begin);
  const StageCost& last = p.costs.stage(item, item.k_end - 1);
  for (std::size_t i = 0; i < p.kernel->inputs.size(); ++i) {
    const KernelOperand& operand = p.kernel->inputs[i];
    const std::uint64_t tile = operand_tile(*p.kernel, operand, item, item.k_begin);
    if (operand.once) {
      load(p, i, tile, 1, full.input_bytes[i], full.input_bytes[i], counts);
      continue;
    }
    if (held_over(operand, item)) continue;
    load(p, i, tile, item.k_end - item.k_begin, full.input_bytes[i], last.input_bytes[i], counts);
  }
}

// An item as far as it is.
void Forecast::add_begun(const SlotPosition& slot, ActivityCounts& counts) {
  const WorkItem& item = slot.item;
  const PlacedKernel& p = placed(item);
  run_stages(item, item.k_begin, slot.next_k, counts);
  const StageCost& full = p.costs.stage(item, item.k_begin);
  for (std::size_t i = 0; i < p.kernel->inputs.size(); ++i) {
    const KernelOperand& operand = p.kernel->inputs[i];
    if (held_over(operand, item)) continue;
    const bool ahead =
        slot.next_k < item.k_end && (i < slot.loaded_operands || (i == slot.loaded_operands && slot.partly));
    std::uint64_t loads = slot.next_k - item.k_begin + (ahead ? 1 : 0);
    if (operand.once || operand.hold) loads = std::min<std::uint64_t>(loads, 1);
    const bool last = loads > 0 && item.k_begin + loads == item.k_end;
    load(p, i, operand_tile(*p.kernel, operand, item, item.k_begin), loads, full.input_bytes[i],
         last ? p.costs.stage(item, item.k_end - 1).input_bytes[i] : full.input_bytes[i], counts);
  }
}

void Forecast::store_item(const WorkItem& item, ActivityCounts& counts) {
  const PlacedKernel& p = placed(item);
  const ItemCost& cost = p.costs.item(item);
  for (std::size_t i = 0; i < p.kernel->outputs.size(); ++i) {
    const Bytes bytes = cost.output_bytes[i];
    counts.requested_write_bytes += bytes.value();
    counts.scratchpad_read_bytes += bytes.value();
    counts.scratchpad_write_bytes += bytes.value();
    if (shared_ == nullptr) continue;
    const std::uint64_t tile = operand_tile(*p.kernel, p.kernel->outputs[i], item, 0);
    shared_->touch(static_cast<std::uint32_t>(p.outputs[i].of(tile)), bytes, true, counts);
  }
}

// Items side by side walk through their panels in step; a panel that several share is fetched once.
void Forecast::touch_panels(ActivityCounts& counts) {
  if (shared_ != nullptr) {
    std::sort(panels_.begin(), panels_.end());
    const auto same = [](const Panel& a, const Panel& b) {
      return a.operand == b.operand && a.first == b.first;
    };
    panels_.erase(std::unique(panels_.begin(), panels_.end(), same), panels_.end());
    std::uint64_t longest = 0;
    for (const Panel& p : panels_) longest = std::max(longest, p.tiles);
    for (std::uint64_t step = 0; step < longest; ++step) {
      for (const Panel& p : panels_) {
        if (step >= p.tiles) continue;
        const Bytes bytes = step + 1 == p.tiles ? p.last_bytes : p.bytes;
        shared_->touch(static_cast<std::uint32_t>(p.first + step), bytes, false, counts);
      }
    }
  }
  panels_.clear();
}

// What crosses the network follows from what was asked; without shared levels DRAM serves it.
void Forecast::add_requested(ActivityCounts& counts) const {
  counts.noc_bytes = counts.requested_read_bytes + counts.requested_write_bytes;
  if (shared_ != nullptr) return;
  counts.dram_read_bytes = counts.requested_read_bytes;
  counts.dram_write_bytes = counts.requested_write_bytes;
}

ActivityCounts Forecast::items(std::uint64_t first, std::uint64_t count,
                               const std::vector<SlotPosition>& begun) {
  ActivityCounts counts;
  const std::uint64_t end = first + count;
  const auto begun_at = [&](std::uint64_t index) {
    const auto at = std::lower_bound(begun.begin(), begun.end(), index,
                                     [](const SlotPosition& p, std::uint64_t i) { return p.item.index < i; });
    return at != begun.end() && at->item.index == index ? &*at : nullptr;
  };
  for (std::uint64_t from = first; from < end; from += at_once_) {
    const std::uint64_t to = std::min(end, from + at_once_);
    for (std::uint64_t i = from; i < to; ++i) {
      if (const SlotPosition* slot = begun_at(i)) {
        add_begun(*slot, counts);
        continue;
      }
      add_item(launch_->item(i), counts);
    }
    touch_panels(counts);
    for (std::uint64_t i = from; i < to; ++i) {
      if (begun_at(i) == nullptr) store_item(launch_->item(i), counts);
    }
  }
  add_requested(counts);
  return counts;
}

ActivityCounts Forecast::stages(const std::vector<SlotPosition>& slots, std::uint64_t stages) {
  ActivityCounts counts;
  for (const SlotPosition& slot : slots) {
    const PlacedKernel& p = placed(slot.item);
    const StageCost& cost = p.costs.stage(slot.item, slot.next_k);
    run_stages(slot.item, slot.next_k, slot.next_k + stages, counts);
    for (std::size_t i = 0; i < p.kernel->inputs.size(); ++i) {
      const KernelOperand& operand = p.kernel->inputs[i];
      if (operand.once) continue;
      const Bytes bytes = cost.input_bytes[i] * stages;
      counts.requested_read_bytes += bytes.value();
      counts.scratchpad_write_bytes += bytes.value();
      // What a slot has loaded of its stage will count for the stage that it goes on with.
      const bool ahead = operand.by_k && i < slot.loaded_operands;
      const bool split = operand.by_k && i == slot.loaded_operands && slot.partly;
      const std::uint64_t tile = operand_tile(*p.kernel, operand, slot.item, slot.next_k) + (ahead ? 1 : 0);
      panels_.push_back({i, p.inputs[i].of(tile), operand.by_k ? stages + (split ? 1 : 0) : 1,
                         cost.input_bytes[i], cost.input_bytes[i]});
    }
  }
  touch_panels(counts);
  add_requested(counts);
  return counts;
}

ActivityCounts Forecast::rest_of(const std::vector<SlotPosition>& slots) {
  ActivityCounts counts;
  for (const SlotPosition& slot : slots) {
    const WorkItem& item = slot.item;
    const PlacedKernel& p = placed(item);
    count_item(counts, p.costs.item(item));
    if (slot.next_k >= item.k_end) continue;
    run_stages(item, slot.next_k, item.k_end, counts);
    const StageCost& full = p.costs.stage(item, slot.next_k);
    const StageCost& last = p.costs.stage(item, item.k_end - 1);
    for (std::size_t i = 0; i < p.kernel->inputs.size(); ++i) {
      const KernelOperand& operand = p.kernel->inputs[i];
      if (held_over(operand, item)) continue;
      // What a slot has begun to load it has loaded, here.
      const bool begun = i < slot.loaded_operands || (i == slot.loaded_operands && slot.partly);
      std::uint64_t loads = item.k_end - slot.next_k - (begun ? 1 : 0);
      if (operand.once || operand.hold) loads = !begun && slot.next_k == item.k_begin ? 1 : 0;
      const std::uint64_t first = slot.next_k + (begun && operand.by_k ? 1 : 0);
      load(p, i, operand_tile(*p.kernel, operand, item, first), loads, full.input_bytes[i],
           last.input_bytes[i], counts);
    }
  }
  touch_panels(counts);
  for (const SlotPosition& slot : slots) store_item(slot.item, counts);
  add_requested(counts);
  return counts;
}

}  // namespace orrery
