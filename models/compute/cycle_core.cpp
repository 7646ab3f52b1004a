#include "models/compute/cycle_core.h"

#include <algorithm>

namespace orrery {
CycleCore::CycleCore(const sc_core::sc_module_name& name, CoreId id, const ArchSpec& arch,
                     const ClockDomain& clock, ActivityCounts& counts, CycleMemory& memory,
                     ItemListener& listener)
    : sc_module(name),
      matrix("matrix", arch.cores.matrix, clock, true),
      vector("vector", arch.cores.vector, clock),
      scratchpad("scratchpad", arch.cores.scratchpad, clock),
      id_(id),
      arch_(arch),
      clock_(clock),
      counts_(counts),
      memory_(memory),
      listener_(listener) {
  for (std::uint32_t i = 0; i < arch.cores.max_resident_items; ++i) {
    slots_.push_back(std::make_unique<Slot>());
    slots_[i]->stages.resize(arch.cores.max_pipeline_stages);
    sc_core::sc_spawn([this, i] { load(i); }, ("load_" + std::to_string(i)).c_str());
    sc_core::sc_spawn([this, i] { execute(i); }, ("execute_" + std::to_string(i)).c_str());
  }
}

void CycleCore::begin(const KernelRun& run, Femtoseconds start) {
  run_ = &run;
  scratchpad.allocate(run.launch->scratchpad_bytes(arch_.cores.accumulator_bytes > 0));
  matrix.reset();
  vector.reset();
  issue_.reset();
  predictor_.reset();
  for (const auto& slot : slots_) {
    slot->issued = slot->executed = slot->items_executed = 0;
    slot->held.fill(kNothingHeld);
    slot->path = CriticalPath::from(start);
  }
}

void CycleCore::assign(std::uint32_t index, const WorkItem& item, Femtoseconds t) {
  Slot& slot = *slots_[index];
  slot.first = item;
  slot.begin = t;
  ++active_items_;
  slot.go.notify(fs_time(t - now_fs()));
}

// The loader of a slot: kernel after kernel, item after item.
void CycleCore::load(std::uint32_t index) {
  Slot& slot = *slots_[index];
  const auto dispatch = fs_time(from_ns(arch_.command.item_dispatch_ns));
  while (true) {
    sc_core::wait(slot.go);
    WorkItem item = slot.first;
    for (std::uint64_t items = 1;; ++items) {
      for (std::uint64_t k = item.k_begin; k < item.k_end; ++k) load_stage(index, item, k);
      if (item.k_begin == item.k_end) {  // a split beyond the end of k: only its (empty) result is stored
        while (slot.executed < slot.issued) sc_core::wait(slot.released);
        finish_item(slot, item);
      }
      while (!arch_.cores.prefetch_across_items && slot.items_executed < items) sc_core::wait(slot.item_done);
      if (!run_->queue->next(id_.value, index, item)) break;
      ++active_items_;
      sc_core::wait(dispatch);
      slot.begin = now_fs();
    }
  }
}

void CycleCore::load_stage(std::uint32_t index, const WorkItem& item, std::uint64_t k) {
  Slot& slot = *slots_[index];
  const PlacedKernel& placed_kernel = placed(item);
  const TileKernel& kernel = *placed_kernel.kernel;
  while (slot.issued - slot.executed >= kernel.pipeline_stages) sc_core::wait(slot.released);
  const std::uint64_t place = slot.issued % kernel.pipeline_stages;
  slot.stages[place] = {item, k, 0, false, slot.begin, TimeCategory::wait, 0};
  const StageCost& cost = placed_kernel.costs.stage(item, k);
  for (std::size_t i = 0; i < kernel.inputs.size(); ++i) {
    const KernelOperand& operand = kernel.inputs[i];
    if (operand.once && k != item.k_begin) continue;
    const std::uint64_t tile = operand_tile(kernel, operand, item, k);
    if (operand.hold && slot.held[i] == tile) continue;
    if (operand.hold) slot.held[i] = tile;
    const Bytes bytes = cost.input_bytes[i];
    const std::uint64_t address = placed_kernel.inputs[i].of(tile);
    counts_.scratchpad_write_bytes += bytes.value();
    work_.moved += bytes;
    for (Bytes offset; offset < bytes;) {
      while (outstanding_ >= arch_.cores.dma.max_outstanding) sc_core::wait(room_);
      const Bytes part = std::min(granule_bytes(), bytes - offset);
      ++outstanding_;
      ++slot.stages[place].pending;
      ++counts_.granules;
      counts_.requested_read_bytes += part.value();
      memory_.transfer({id_, address + offset.value(), part, false, operand.irregular, this,
                        index * std::uint64_t{1024} + place});
      offset += part;
    }
  }
  slot.stages[place].sealed = true;
  predict(slot.stages[place]);
  ++slot.issued;
  slot.loaded.notify();
}

void CycleCore::transfer_done(std::uint64_t tag, TimeCategory bound_by) {
  if ((tag & kStoreTag) != 0) {
    const auto index = static_cast<std::uint32_t>(tag & ~kStoreTag);
    Store& store = stores_[index];
    store.path.extend(now_fs(), bound_by);
    if (--store.pending == 0) stored(index);
    return;
  }
  Slot& slot = *slots_[tag / 1024];
  Stage& stage = slot.stages[tag % 1024];
  --stage.pending;
  stage.cause = bound_by;
  predict(stage);
  --outstanding_;
  room_.notify();
  slot.loaded.notify();
}

// Once its data are there.
void CycleCore::predict(Stage& stage) {
  if (!stage.ready()) return;
  const StageCost& cost = placed(stage.item).costs.stage(stage.item, stage.k);
  if (cost.predictor > 0) stage.predicted = predictor_.reserve(now_fs(), cost.predictor);
}

void CycleCore::wait_until(Slot& slot, Femtoseconds t, TimeCategory what) {
  if (t > now_fs()) sc_core::wait(fs_time(t - now_fs()));
  slot.path.extend(now_fs(), what);
}

// The executor of a slot: stage after stage, in the loader's order.
void CycleCore::execute(std::uint32_t index) {
  Slot& slot = *slots_[index];
  while (true) {
    while (slot.issued == slot.executed) sc_core::wait(slot.loaded);
    Stage& stage = slot.stages[slot.executed % run_->launch->front().pipeline_stages];
    slot.path.extend(stage.dispatched, TimeCategory::launch);
    while (!stage.ready()) sc_core::wait(slot.loaded);
    slot.path.extend(now_fs(), stage.cause);
    const WorkItem item = stage.item;
    const bool last = stage.k + 1 == item.k_end;
    execute_stage(slot, stage);
    ++slot.executed;
    slot.released.notify();
    if (last) finish_item(slot, item);
  }
}

void CycleCore::execute_stage(Slot& slot, const Stage& stage) {
  const TileKernel& kernel = *placed(stage.item).kernel;
  const StageCost& cost = placed(stage.item).costs.stage(stage.item, stage.k);
  wait_until(slot, stage.predicted, TimeCategory::compute);
  if (kernel.instructions_per_stage > 0 && arch_.command.instruction_issue_cycles > 0) {
    const PartCycles cycles{static_cast<double>(kernel.instructions_per_stage) *
                            arch_.command.instruction_issue_cycles};
    wait_until(slot, issue_.reserve(now_fs(), clock_.time(cycles)), TimeCategory::launch);
  }
  if (cost.matrix > 0) {
    wait_until(slot, matrix.reserve(now_fs(), cost.matrix),
               cost.scratchpad_bound ? TimeCategory::shared : TimeCategory::compute);
  }
  if (cost.vector > 0) {
    const Femtoseconds end = vector.reserve(now_fs(), cost.vector);
    const bool in_order = kernel.in_order || !arch_.cores.overlap_engines || kernel.matrix_steps.empty();
    if (in_order || stage.k + 1 == stage.item.k_end) wait_until(slot, end, TimeCategory::vector);
  }
  if (kernel.stage_chain_cycles > Cycles{0})
    wait_until(slot, now_fs() + clock_.time(kernel.stage_chain_cycles), TimeCategory::vector);
  count_stage(counts_, kernel, cost);
  work_.add(cost);
}

void CycleCore::finish_item(Slot& slot, const WorkItem& item) {
  const TileKernel& kernel = *placed(item).kernel;
  if (!kernel.matrix_steps.empty()) wait_until(slot, now_fs() + matrix.latency(), TimeCategory::compute);
  if (kernel.instructions_per_item > 0 && arch_.command.instruction_issue_cycles > 0) {
    const PartCycles cycles{static_cast<double>(kernel.instructions_per_item) *
                            arch_.command.instruction_issue_cycles};
    wait_until(slot, issue_.reserve(now_fs(), clock_.time(cycles)), TimeCategory::launch);
  }
  const ItemCost& cost = placed(item).costs.item(item);
  const Femtoseconds epilogue_end = cost.vector > 0 ? vector.reserve(now_fs(), cost.vector) : now_fs();
  count_item(counts_, cost);
  work_.add(cost.vector_work);
  store(item, slot.path, epilogue_end);
  ++slot.items_executed;
  slot.item_done.notify();
}

// The results leave while the epilogue still runs.
void CycleCore::store(const WorkItem& item, const CriticalPath& path, Femtoseconds epilogue_end) {
  const PlacedKernel& placed_kernel = placed(item);
  const TileKernel& kernel = *placed_kernel.kernel;
  const ItemCost& cost = placed_kernel.costs.item(item);
  if (free_stores_.empty()) {
    free_stores_.push_back(static_cast<std::uint32_t>(stores_.size()));
    stores_.emplace_back();
  }
  const std::uint32_t index = free_stores_.back();
  free_stores_.pop_back();
  stores_[index] = {1, path, epilogue_end};  // one until all parts are on their way
  for (std::size_t i = 0; i < kernel.outputs.size(); ++i) {
    const KernelOperand& operand = kernel.outputs[i];
    const Bytes bytes = cost.output_bytes[i];
    const std::uint64_t address = placed_kernel.outputs[i].of(operand_tile(kernel, operand, item, 0));
    counts_.scratchpad_read_bytes += bytes.value();
    work_.moved += bytes;
    counts_.scratchpad_write_bytes += bytes.value();  // the engines wrote them there
    for (Bytes offset; offset < bytes;) {
      const Bytes part = std::min(granule_bytes(), bytes - offset);
      ++stores_[index].pending;
      ++counts_.granules;
      counts_.requested_write_bytes += part.value();
      memory_.transfer(
          {id_, address + offset.value(), part, true, operand.irregular, this, kStoreTag | index});
      offset += part;
    }
  }
  if (--stores_[index].pending == 0) stored(index);
}

void CycleCore::stored(std::uint32_t index) {
  CriticalPath path = stores_[index].path;
  path.extend(stores_[index].epilogue_end, TimeCategory::vector);
  free_stores_.push_back(index);
  --active_items_;
  listener_.item_done(path, now_fs());
}

std::string CycleCore::waiting_for() const {
  return std::string(name()) + " has " + std::to_string(active_items_) + " unfinished work item(s)";
}

}  // namespace orrery
