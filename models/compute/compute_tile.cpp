#include "models/compute/compute_tile.h"

#include <algorithm>

namespace orrery {
namespace {

constexpr std::uint32_t kAccumulators = 2;  // of a slot whose loads run ahead across items

}  // namespace

ComputeTile::ComputeTile(const sc_core::sc_module_name& name, CoreId id, const ArchSpec& arch,
                         const ClockDomain& clock, ActivityCounts& counts, WakeQueue& wakes,
                         ItemListener& listener)
    : sc_module(name),
      matrix("matrix", arch.cores.matrix, clock),
      vector("vector", arch.cores.vector, clock),
      scratchpad("scratchpad", arch.cores.scratchpad, clock),
      dma("dma", arch.cores.dma, counts),
      id_(id),
      arch_(arch),
      clock_(clock),
      counts_(counts),
      wakes_(wakes),
      listener_(listener),
      slots_(arch.cores.max_resident_items) {
  for (Slot& slot : slots_) {
    slot.buffer_free.resize(arch.cores.max_pipeline_stages);
    slot.finishing.resize(kMostFinishing);
  }
  wakes_.connect(id_.value, *this);
}

void ComputeTile::begin(const KernelRun& run, Femtoseconds start) {
  run_ = &run;
  scratchpad.allocate(run.launch->scratchpad_bytes(arch_.cores.accumulator_bytes > 0));
  matrix.reset();
  vector.reset();
  predictor_.reset();
  dma.reset();
  issue_.reset();
  matrix_path_ = vector_path_ = CriticalPath::from(start);
  active_slots_ = shared().resident_items;
  for (std::uint32_t i = 0; i < active_slots_; ++i) {
    Slot& slot = slots_[i];
    slot.wait_end = slot.waits_for_room = slot.waits_for_cluster = slot.busy = false;
    slot.issued = 0;
    slot.chain = CriticalPath::from(start);
    slot.wake = kNever;
    slot.finishing_count = 0;
    slot.stores_taken = 0;
    slot.held.fill(kNothingHeld);
    std::fill_n(slot.buffer_free.begin(), shared().pipeline_stages, slot.chain);
  }
}

void ComputeTile::assign(std::uint32_t slot_index, const WorkItem& item, Femtoseconds t) {
  Slot& slot = slots_[slot_index];
  start_item(slot, item);
  slot.wake = t;
  ++active_items_;
  rearm(now_fs());
}

void ComputeTile::start_item(Slot& slot, const WorkItem& item) {
  slot.item = item;
  slot.next_k = item.k_begin;
  slot.operand = 0;
  slot.offset = {};
  slot.ready = 0;
  slot.cause = TimeCategory::wait;
  slot.blocked_by = TimeCategory::launch;  // dispatch
  slot.wait_end = false;
  slot.busy = true;
}

void ComputeTile::positions(std::vector<SlotPosition>& out) const {
  for (std::uint32_t i = 0; i < active_slots_; ++i) {
    const Slot& slot = slots_[i];
    if (slot.has_stages()) out.push_back(slot.position());
  }
}

void ComputeTile::jump(std::uint64_t stages) {
  for (std::uint32_t i = 0; i < active_slots_; ++i) {
    Slot& slot = slots_[i];
    if (!slot.has_stages()) continue;
    const PlacedKernel& jumped = placed(slot.item);
    const StageCost& cost = jumped.costs.stage(slot.item, slot.next_k);
    work_.macs += stages * cost.issued_macs;
    work_.vector_ops += stages * (cost.vector_work.simple_ops + cost.vector_work.transcendental_ops);
    for (std::size_t o = 0; o < jumped.kernel->inputs.size(); ++o) {
      const KernelOperand& operand = jumped.kernel->inputs[o];
      if (!operand.once && (!operand.hold || operand.by_k)) work_.moved += stages * cost.input_bytes[o];
    }
    slot.next_k += stages;
  }
}

void ComputeTile::under_way(std::vector<SlotPosition>& out) const {
  for (std::uint32_t i = 0; i < active_slots_; ++i) {
    const Slot& slot = slots_[i];
    for (std::uint32_t f = 0; f < slot.finishing_count; ++f) {
      const WorkItem& item = slot.finishing[(slot.first_finishing + f) % kMostFinishing].item;
      out.push_back({item, item.k_end});
    }
    // Behind those that wait to be stored, the one with stages left.
    if (slot.busy) out.push_back(slot.position());
  }
}

void ComputeTile::shift(const std::vector<std::uint64_t>& places, const std::vector<std::uint64_t>& goals) {
  const auto shifted = [&](const WorkItem& item) {
    const auto at = std::lower_bound(places.begin(), places.end(), item.index);
    return run_->launch->item(goals[static_cast<std::size_t>(at - places.begin())]);
  };
  for (std::uint32_t i = 0; i < active_slots_; ++i) {
    Slot& slot = slots_[i];
    for (std::uint32_t f = 0; f < slot.finishing_count; ++f) {
      WorkItem& item = slot.finishing[(slot.first_finishing + f) % kMostFinishing].item;
      item = shifted(item);
    }
    if (!slot.busy) continue;
    const std::uint64_t at_once = items_at_once(shared());
    const WorkItem later = shifted(slot.item);
    const TileKernel& kernel = *placed(later).kernel;
    for (std::size_t o = 0; o < kernel.inputs.size(); ++o) {
      const KernelOperand& operand = kernel.inputs[o];
      if (!operand.hold) continue;
      // A tile it has come to is that of its item, one it has not is that of the item before.
      const bool begun = slot.next_k != slot.item.k_begin || o < slot.operand;
      const bool partly = o == slot.operand && slot.offset > Bytes{};
      if (begun) {
        slot.held[o] = operand_tile(kernel, operand, later, later.k_begin);
      } else if (partly || later.index < at_once) {
        slot.held[o] = kNothingHeld;
      } else {
        const WorkItem before = run_->launch->item(later.index - at_once);
        slot.held[o] = operand_tile(kernel, operand, before, before.k_begin);
      }
    }
    slot.next_k = later.k_begin + (slot.next_k - slot.item.k_begin);
    slot.item = later;
  }
}

void ComputeTile::rearm(Femtoseconds now) {
  Femtoseconds next = kNever;
  for (std::uint32_t i = 0; i < active_slots_; ++i) {
    next = std::min({next, slots_[i].wake, slots_[i].next_finish()});
  }
  if (next == kNever) return;
  wakes_.arm(id_.value, next, now);
}

void ComputeTile::wake(Femtoseconds now) {
  for (std::uint32_t i = 0; i < active_slots_; ++i) {
    Slot& slot = slots_[i];
    while (slot.next_finish() <= now) {
      const Finishing& done = slot.finishing[slot.first_finishing];
      slot.first_finishing = (slot.first_finishing + 1) % kMostFinishing;
      --slot.finishing_count;
      finish_item(slot, done.item, done.path, now);
      if (slot.waits_for_room) slot.wake = now;
    }
    if (slot.wake <= now) {
      slot.wake = kNever;
      advance(slot, now);
    }
  }
  rearm(now);
}

void ComputeTile::advance(Slot& slot, Femtoseconds now) {
  if (slot.wait_end) {
    slot.chain.extend(now, TimeCategory::compute);  // the engine's latency
    slot.busy = false;
    finish_item(slot, slot.item, slot.chain, now);
    take_next(slot, std::max(now, slot.stores_taken), now);
    return;
  }
  while (slot.next_k < slot.item.k_end) {
    const CriticalPath* room = room_for_stage(slot);
    if (room == nullptr) {
      slot.waits_for_cluster = true;
      return;
    }
    if (room->at > now) {
      slot.wake = room->at;
      return;
    }
    if (slot.operand == 0 && slot.offset == Bytes{}) {
      // The loads of a stage follow its buffer's release or, at an item's begin, the item before.
      const bool first = slot.next_k == slot.item.k_begin && !arch_.cores.prefetch_across_items;
      slot.asked = first && slot.chain.at >= room->at ? slot.chain : *room;
      slot.asked.extend(now, slot.blocked_by);
    }
    const StageCost& cost = placed(slot.item).costs.stage(slot.item, slot.next_k);
    if (!load_stage(slot, cost, now)) return;
    run_stage(slot, cost, now);
  }
  const Femtoseconds end =
      std::max(slot.chain.at + (shared().matrix_steps.empty() ? 0 : matrix.latency()), now);
  // The sequencer runs ahead into the next item when the core allows it.
  if (arch_.cores.prefetch_across_items) {
    const std::uint32_t room = slot.stores_taken > now ? kAccumulators : kMostFinishing;
    slot.waits_for_room = slot.finishing_count >= room;
    if (slot.waits_for_room) return;
    Finishing& later = slot.finishing[(slot.first_finishing + slot.finishing_count++) % kMostFinishing];
    later = {slot.item, end, slot.chain};
    later.path.extend(end, TimeCategory::compute);
    take_next(slot, now, now);
    return;
  }
  slot.wait_end = true;
  slot.wake = end;
}

// Calls visit(tile, core) for the other cores of the cluster.
template <class Visit>
void ComputeTile::for_each_mate(Visit visit) const {
  const TileKernel& kernel = shared();
  if (kernel.cluster == 1) return;
  const std::uint32_t first = id_.value / kernel.cluster * kernel.cluster;
  const std::uint32_t end = std::min(first + kernel.cluster, kernel.cores_used);
  for (std::uint32_t c = first; c < end; ++c) {
    if (c != id_.value) visit(*(*all_)[c], c);
  }
}

// When the next stage's buffer was, or will be, released last on the cores of the cluster; null while one of
// them is not so far.
const CriticalPath* ComputeTile::room_for_stage(const Slot& slot) const {
  const std::uint32_t stages = shared().pipeline_stages;
  const CriticalPath* room = &slot.buffer_free[slot.issued % stages];
  const std::uint32_t index = index_of(slot);
  for_each_mate([&](const ComputeTile& tile, std::uint32_t core) {
    const Slot& mate = tile.slots_[index];
    if (room == nullptr || !mate.busy) return;
    // Neighbours in the raster are on neighbouring cores.
    const std::uint64_t same = slot.item.index + core;
    const std::uint64_t its = mate.item.index + id_.value;
    if (its > same) return;
    const std::uint64_t mine = slot.next_k - slot.item.k_begin;
    const std::uint64_t its_stage = mate.next_k - mate.item.k_begin;
    if (its < same || mine >= its_stage + stages) {
      room = nullptr;
    } else if (mine >= its_stage) {
      const CriticalPath& other = mate.buffer_free[(mate.issued + mine - its_stage) % stages];
      if (other.at > room->at) room = &other;
    }
  });
  return room;
}

// Those that wait for this slot look again.
void ComputeTile::wake_cluster(const Slot& slot, Femtoseconds now) {
  const std::uint32_t index = index_of(slot);
  for_each_mate([&](ComputeTile& tile, std::uint32_t /*core*/) {
    Slot& mate = tile.slots_[index];
    if (!mate.waits_for_cluster) return;
    mate.waits_for_cluster = false;
    mate.wake = now;
    tile.rearm(now);
  });
}

// Issues the loads of the current stage; false when the DMA engine is full (the slot then wakes to go on).
bool ComputeTile::load_stage(Slot& slot, const StageCost& cost, Femtoseconds now) {
  const PlacedKernel& placed_kernel = placed(slot.item);
  const TileKernel& kernel = *placed_kernel.kernel;
  slot.ready = std::max(slot.ready, now);
  for (; slot.operand < kernel.inputs.size(); ++slot.operand, slot.offset = {}) {
    const KernelOperand& operand = kernel.inputs[slot.operand];
    if (operand.once && slot.next_k != slot.item.k_begin) continue;
    const std::uint64_t tile = operand_tile(kernel, operand, slot.item, slot.next_k);
    if (operand.hold && slot.held[slot.operand] == tile) continue;
    const Bytes bytes = cost.input_bytes[slot.operand];
    Granule granule;
    granule.source = id_;
    granule.entry = static_cast<std::uint32_t>(placed_kernel.inputs[slot.operand].of(tile));
    granule.tile_bytes = bytes;
    granule.irregular = operand.irregular;
    granule.cluster = common_to_cluster(kernel, operand) ? kernel.cluster : 1;
    granule.parts = parts_of(kernel, operand);
    while (slot.offset < bytes) {
      const Femtoseconds may_issue = dma.may_issue_at(now);
      if (may_issue > now) {
        slot.wake = may_issue;
        slot.blocked_by = last_load_bound_by_;
        return false;
      }
      granule.offset = slot.offset;
      granule.bytes = std::min(dma.max_granule(), bytes - slot.offset);
      const Reservation reservation = dma.issue(granule, now);
      last_load_bound_by_ = reservation.bound_by;
      if (reservation.done() > slot.ready) {
        slot.ready = reservation.done();
        slot.cause = reservation.bound_by;
      }
      slot.offset += granule.bytes;
    }
    counts_.scratchpad_write_bytes += bytes.value() / granule.parts;
    work_.moved += bytes;
    if (operand.hold) slot.held[slot.operand] = tile;
  }
  return true;
}

// Path to the start of a service at `start`: whichever of data, previous stage and engine came last.
CriticalPath ComputeTile::path_to_start(const Slot& slot, Femtoseconds start) const {
  const bool uses_matrix = !shared().matrix_steps.empty();
  const CriticalPath& engine = uses_matrix ? matrix_path_ : vector_path_;
  if (std::max(slot.ready, slot.predicted) >= start) {
    CriticalPath path = slot.asked;
    path.extend(slot.ready, slot.cause);
    path.extend(std::max(slot.ready, slot.predicted), TimeCategory::compute);
    return path;
  }
  return slot.chain.at >= engine.at ? slot.chain : engine;
}

void ComputeTile::run_stage(Slot& slot, const StageCost& cost, Femtoseconds now) {
  const TileKernel& kernel = *placed(slot.item).kernel;
  // Beside what the engine still has of the stage before.
  slot.predicted =
      cost.predictor > 0 ? predictor_.reserve(std::max(now, slot.ready), cost.predictor) : Femtoseconds{0};
  Femtoseconds start = std::max({slot.ready, slot.predicted, slot.chain.at});
  CriticalPath path;
  Femtoseconds issued = 0;
  if (kernel.instructions_per_stage > 0 && arch_.command.instruction_issue_cycles > 0) {
    const PartCycles cycles{static_cast<double>(kernel.instructions_per_stage) *
                            arch_.command.instruction_issue_cycles};
    issued = issue_.reserve(std::max(now, start), clock_.time(cycles));
    path = path_to_start(slot, start);
    path.extend(issued, TimeCategory::launch);
    start = issued;
  }
  Femtoseconds end = start;
  if (cost.matrix > 0) {
    end = matrix.reserve(start, cost.matrix);
    if (issued == 0 || end - cost.matrix > start) path = path_to_start(slot, end - cost.matrix);
    path.extend(end, cost.scratchpad_bound ? TimeCategory::shared : TimeCategory::compute);
    matrix_path_ = path;
  } else if (issued == 0) {
    path = path_to_start(slot, start);
  }
  slot.chain = path;
  if (cost.vector > 0) {
    end = vector.reserve(end, cost.vector);
    if (end - cost.vector > path.at) path = vector_path_;
    path.extend(end, TimeCategory::vector);
    vector_path_ = path;
    const bool in_order = kernel.in_order || !arch_.cores.overlap_engines || kernel.matrix_steps.empty();
    if (in_order || slot.next_k + 1 == slot.item.k_end) slot.chain = path;
  }
  if (kernel.stage_chain_cycles > Cycles{0}) {
    path.extend(path.at + clock_.time(kernel.stage_chain_cycles), TimeCategory::vector);
    slot.chain = path;
  }
  count_stage(counts_, kernel, cost);
  work_.add(cost);
  slot.buffer_free[slot.issued % kernel.pipeline_stages] = path;
  ++slot.issued;
  ++slot.next_k;
  slot.operand = 0;
  slot.offset = {};
  slot.ready = 0;
  slot.cause = TimeCategory::wait;
  slot.blocked_by = TimeCategory::wait;
  wake_cluster(slot, now);
  run_->forward->stage_done(now);
}

void ComputeTile::finish_item(Slot& slot, const WorkItem& item, CriticalPath path, Femtoseconds now) {
  const PlacedKernel& placed_kernel = placed(item);
  const TileKernel& kernel = *placed_kernel.kernel;
  const ItemCost& cost = placed_kernel.costs.item(item);
  Femtoseconds end = now;
  path.extend(now, TimeCategory::wait);
  if (kernel.instructions_per_item > 0 && arch_.command.instruction_issue_cycles > 0) {
    const PartCycles cycles{static_cast<double>(kernel.instructions_per_item) *
                            arch_.command.instruction_issue_cycles};
    end = issue_.reserve(end, clock_.time(cycles));
    path.extend(end, TimeCategory::launch);
  }
  if (cost.vector > 0) {
    end = vector.reserve(end, cost.vector);
    path.extend(end, TimeCategory::vector);
  }
  count_item(counts_, cost);
  work_.add(cost.vector_work);
  for (std::size_t i = 0; i < kernel.outputs.size(); ++i) {
    const KernelOperand& operand = kernel.outputs[i];
    Granule tile;
    tile.source = id_;
    tile.bytes = tile.tile_bytes = cost.output_bytes[i];
    tile.irregular = operand.irregular;
    tile.entry =
        static_cast<std::uint32_t>(placed_kernel.outputs[i].of(operand_tile(kernel, operand, item, 0)));
    // The results leave while the epilogue still runs.
    const Reservation stored = dma.store(tile, now);
    counts_.scratchpad_read_bytes += tile.bytes.value();
    work_.moved += tile.bytes;
    counts_.scratchpad_write_bytes += tile.bytes.value();  // the engines wrote them there
    path.extend(stored.done(), stored.bound_by);
    slot.stores_taken = std::max(slot.stores_taken, stored.finish);
  }
  --active_items_;
  listener_.item_done(path, now);
}

void ComputeTile::take_next(Slot& slot, Femtoseconds at, Femtoseconds now) {
  WorkItem item;
  if (run_->queue->next(id_.value, index_of(slot), item)) {
    ++active_items_;
    start_item(slot, item);
    slot.wake = at + from_ns(arch_.command.item_dispatch_ns);
  } else {
    slot.wake = kNever;
    slot.busy = false;
  }
  wake_cluster(slot, now);
}

std::string ComputeTile::waiting_for() const {
  return std::string(name()) + " has " + std::to_string(active_items_) + " unfinished work item(s)";
}

}  // namespace orrery
