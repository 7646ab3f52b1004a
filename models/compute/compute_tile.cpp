#include "models/compute/compute_tile.h"

#include <algorithm>

namespace orrery {
namespace {

constexpr std::uint64_t kNothingHeld = UINT64_MAX;

}  // namespace

ComputeTile::ComputeTile(const sc_core::sc_module_name& name, CoreId id, const ArchSpec& arch, const ClockDomain& clock,
                         ActivityCounts& counts, ItemListener& listener)
    : sc_module(name),
      matrix("matrix", arch.cores.matrix, clock),
      vector("vector", arch.cores.vector, clock),
      scratchpad("scratchpad", arch.cores.scratchpad, clock),
      dma("dma", arch.cores.dma, counts),
      id_(id),
      arch_(arch),
      clock_(clock),
      counts_(counts),
      listener_(listener),
      slots_(arch.cores.max_resident_items) {
  for (Slot& slot : slots_) slot.buffer_free.resize(kMaxStages);
  SC_HAS_PROCESS(ComputeTile);
  SC_METHOD(step);
  sensitive << wake_;
  dont_initialize();
}

void ComputeTile::begin(const KernelRun& run, Femtoseconds start) {
  run_ = run;
  scratchpad.allocate(run.kernel->scratchpad_bytes(arch_.cores.accumulator_bytes > 0));
  matrix.reset();
  vector.reset();
  dma.reset();
  issue_.reset();
  ledger_.begin(start);
  store_bound_by_ = TimeCategory::wait;
  for (Slot& slot : slots_) {
    slot.active = slot.wait_end = false;
    slot.issued = 0;
    slot.chain_end = 0;
    slot.wake = slot.finishing.at = kNever;
    slot.held.fill(kNothingHeld);
    std::fill(slot.buffer_free.begin(), slot.buffer_free.end(), 0);
  }
}

void ComputeTile::assign(std::uint32_t slot_index, const WorkItem& item, Femtoseconds t) {
  Slot& slot = slots_[slot_index];
  start_item(slot, item);
  slot.wake = t;
  ++active_items_;
  rearm();
}

void ComputeTile::start_item(Slot& slot, const WorkItem& item) {
  slot.active = true;
  slot.item = item;
  slot.next_k = item.k_begin;
  slot.operand = 0;
  slot.offset = 0;
  slot.ready = 0;
  slot.cause = TimeCategory::wait;
  slot.wait_end = false;
}

void ComputeTile::rearm() {
  Femtoseconds next = kNever;
  for (const Slot& slot : slots_) next = std::min({next, slot.wake, slot.finishing.at});
  if (next == kNever) return;
  wake_.cancel();
  wake_.notify(fs_time(std::max(wake_time(next, id_.value), now_fs()) - now_fs()));
}

void ComputeTile::step() {
  const Femtoseconds now = now_fs();
  for (Slot& slot : slots_) {
    if (slot.finishing.at <= now) {
      slot.finishing.at = kNever;
      finish_item(slot, slot.finishing.item, now);
    }
    if (slot.wake <= now) {
      slot.wake = kNever;
      advance(slot, now);
    }
  }
  rearm();
}

void ComputeTile::advance(Slot& slot, Femtoseconds now) {
  if (slot.wait_end) {
    finish_item(slot, slot.item, now);
    take_next(slot, now);
    return;
  }
  const std::uint32_t stages = run_.kernel->pipeline_stages;
  while (slot.next_k < slot.item.k_end) {
    const Femtoseconds buffer_free = slot.buffer_free[slot.issued % stages];
    if (buffer_free > now) {
      slot.wake = buffer_free;
      return;
    }
    const StageCost& cost = run_.costs->stage(slot.item, slot.next_k);
    if (!load_stage(slot, cost, now)) return;
    run_stage(slot, cost, now);
  }
  const Femtoseconds end = std::max(slot.chain_end + matrix.latency(), now);
  // The sequencer runs ahead into the next item when the core allows it and no earlier item is still finishing.
  if (arch_.cores.prefetch_across_items && slot.finishing.at == kNever) {
    slot.finishing = {slot.item, end};
    take_next(slot, now);
    return;
  }
  slot.wait_end = true;
  slot.wake = end;
}

// Issues the loads of the current stage; false when the DMA engine is full (the slot then wakes to go on).
bool ComputeTile::load_stage(Slot& slot, const StageCost& cost, Femtoseconds now) {
  const TileKernel& kernel = *run_.kernel;
  slot.ready = std::max(slot.ready, now);
  for (; slot.operand < kernel.inputs.size(); ++slot.operand, slot.offset = 0) {
    const KernelOperand& operand = kernel.inputs[slot.operand];
    if (operand.once && slot.next_k != slot.item.k_begin) continue;
    const std::uint64_t tile = operand_tile(kernel, operand, slot.item, slot.next_k);
    if (operand.hold && slot.held[slot.operand] == tile) continue;
    const std::uint64_t bytes = cost.input_bytes[slot.operand];
    const std::uint32_t first = run_.input_entry[slot.operand];
    Granule granule;
    granule.source = id_;
    granule.entry = first == kNoEntry ? kNoEntry : first + static_cast<std::uint32_t>(tile);
    granule.tile_bytes = bytes;
    granule.irregular = operand.irregular;
    while (slot.offset < bytes) {
      const Femtoseconds may_issue = dma.may_issue_at(now);
      if (may_issue > now) {
        slot.wake = may_issue;
        return false;
      }
      granule.offset = slot.offset;
      granule.bytes = std::min(dma.max_granule_bytes(), bytes - slot.offset);
      const Reservation reservation = dma.issue(granule, now);
      if (reservation.done() > slot.ready) {
        slot.ready = reservation.done();
        slot.cause = reservation.bound_by;
      }
      slot.offset += granule.bytes;
    }
    counts_.scratchpad_write_bytes += bytes;
    if (operand.hold) slot.held[slot.operand] = tile;
  }
  return true;
}

void ComputeTile::run_stage(Slot& slot, const StageCost& cost, Femtoseconds now) {
  const TileKernel& kernel = *run_.kernel;
  TimeCategory cause = slot.cause;
  Femtoseconds start = std::max(slot.ready, slot.chain_end);
  if (kernel.instructions_per_stage > 0 && arch_.command.instruction_issue_cycles > 0) {
    const double cycles = static_cast<double>(kernel.instructions_per_stage) * arch_.command.instruction_issue_cycles;
    const Femtoseconds issued = issue_.reserve(now, clock_.cycles(cycles));
    if (issued > start) cause = TimeCategory::launch;
    start = std::max(start, issued);
  }
  Femtoseconds end = start;
  if (cost.matrix > 0) {
    end = matrix.reserve(start, cost.matrix);
    ledger_.service(end - cost.matrix, end, cost.scratchpad_bound ? TimeCategory::shared : TimeCategory::compute, cause);
    cause = TimeCategory::wait;
  }
  slot.chain_end = end;
  if (cost.vector > 0) {
    end = vector.reserve(end, cost.vector);
    ledger_.service(end - cost.vector, end, TimeCategory::vector, cause);
    if (!arch_.cores.overlap_engines || kernel.matrix_steps.empty()) slot.chain_end = end;
    if (slot.next_k + 1 == slot.item.k_end) slot.chain_end = end;
  } else if (cost.matrix == 0) {
    slot.chain_end = std::max(slot.chain_end, slot.ready);
    ledger_.until(slot.chain_end, cause);
  }
  counts_.scratchpad_read_bytes += cost.scratchpad_read_bytes;
  counts_.vector_ops += cost.vector_work.simple_ops;
  counts_.transcendental_ops += cost.vector_work.transcendental_ops;
  slot.buffer_free[slot.issued % kernel.pipeline_stages] = end;
  ++slot.issued;
  ++slot.next_k;
  slot.operand = 0;
  slot.offset = 0;
  slot.ready = 0;
  slot.cause = TimeCategory::wait;
}

void ComputeTile::finish_item(Slot& slot, const WorkItem& item, Femtoseconds now) {
  const ItemCost& cost = run_.costs->item(item);
  Femtoseconds end = std::max(now, slot.wait_end ? slot.chain_end : now);
  if (run_.kernel->instructions_per_item > 0 && arch_.command.instruction_issue_cycles > 0) {
    const double cycles =
        static_cast<double>(run_.kernel->instructions_per_item) * arch_.command.instruction_issue_cycles;
    end = issue_.reserve(end, clock_.cycles(cycles));
    ledger_.until(end, TimeCategory::launch);
  }
  if (cost.vector > 0) {
    end = vector.reserve(end, cost.vector);
    ledger_.service(end - cost.vector, end, TimeCategory::vector, TimeCategory::wait);
  }
  counts_.vector_ops += cost.vector_work.simple_ops;
  counts_.transcendental_ops += cost.vector_work.transcendental_ops;
  Femtoseconds done = end;
  for (std::size_t i = 0; i < run_.kernel->outputs.size(); ++i) {
    const KernelOperand& operand = run_.kernel->outputs[i];
    Granule tile;
    tile.source = id_;
    tile.bytes = tile.tile_bytes = cost.output_bytes[i];
    tile.irregular = operand.irregular;
    tile.entry = run_.output_entry[i] == kNoEntry
                     ? kNoEntry
                     : run_.output_entry[i] + static_cast<std::uint32_t>(operand_tile(*run_.kernel, operand, item, 0));
    const Reservation stored = dma.store(tile, now);
    counts_.scratchpad_read_bytes += tile.bytes;
    if (stored.done() > done) {
      done = stored.done();
      store_bound_by_ = stored.bound_by;
    }
  }
  // The results leave while the epilogue still runs: the last of them after its end.
  --active_items_;
  listener_.item_done(id_, std::max(done, end));
}

void ComputeTile::take_next(Slot& slot, Femtoseconds now) {
  WorkItem item;
  if (!run_.queue->next(item, now, *run_.reference)) {
    slot.active = false;
    slot.wake = kNever;
    return;
  }
  ++active_items_;
  start_item(slot, item);
  slot.wake = now + from_ns(arch_.command.item_dispatch_ns);
}

std::string ComputeTile::waiting_for() const {
  return std::string(name()) + " has " + std::to_string(active_items_) + " unfinished work item(s)";
}

}  // namespace orrery
