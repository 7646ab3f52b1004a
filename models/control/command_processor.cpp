#include "models/control/command_processor.h"

#include <algorithm>

#include "sim/util/errors.h"

namespace orrery {

namespace {

MemoryPace pace_of(const ArchSpec& arch) {
  MemoryPace pace;
  pace.shared_bytes = arch.shared_capacity_bytes();
  pace.dram_fs_per_byte = kFsPerSecond / arch.dram.peak_bytes_per_s();
  pace.behind_fs_per_byte = pace.dram_fs_per_byte;
  if (arch.shared_levels.size() > 1) {
    const SramLevelSpec& next = arch.shared_levels[1];
    pace.behind_fs_per_byte = kFsPerSecond / (next.sustained_bytes_per_cycle() * arch.clock_hz);
  }
  return pace;
}

}  // namespace

CommandProcessor::CommandProcessor(const sc_core::sc_module_name& name, const ArchSpec& arch,
                                   ActivityCounts& counts)
    : sc_module(name), arch_(arch), counts_(counts), forward_(counts, pace_of(arch)) {
  SC_HAS_PROCESS(CommandProcessor);
  SC_METHOD(step);
  sensitive << wake_;
  dont_initialize();
}

void CommandProcessor::connect(std::vector<ComputeTile*> tiles, SharedLevels* shared,
                               const DramController* dram, CollectiveEngine* collectives) {
  tiles_ = std::move(tiles);
  shared_ = shared;
  dram_ = dram;
  collectives_ = collectives;
}

void CommandProcessor::begin(const Program& program, const OnChip& on_chip, bool skip) {
  program_ = &program;
  on_chip_ = on_chip;
  skip_ = skip;
  outcomes_.assign(program.tasks.size(), TaskOutcome{});
  started_.assign(program.tasks.size(), false);
  skipped_counts_ = ActivityCounts{};
  kernel_task_ = collective_task_ = kNoTask;
  wake_.notify(fs_time(wake_time(now_fs(), 0) - now_fs()));
}

bool CommandProcessor::complete() const {
  return std::all_of(outcomes_.begin(), outcomes_.end(), [](const TaskOutcome& o) { return o.done; });
}

bool CommandProcessor::ready(std::uint32_t task) const {
  const auto& depends_on = program_->tasks[task].depends_on;
  return std::all_of(depends_on.begin(), depends_on.end(),
                     [this](std::uint32_t d) { return outcomes_[d].done; });
}

void CommandProcessor::step() {
  const Femtoseconds now = now_fs();
  finish_tasks(now);
  start_ready_tasks(now);
  rearm();
}

// Wakes at the nearest known end of a running task.
void CommandProcessor::rearm() {
  Femtoseconds next = INT64_MAX;
  for (const std::uint32_t running : {kernel_task_, collective_task_}) {
    if (running != kNoTask && outcomes_[running].end > 0) next = std::min(next, outcomes_[running].end);
  }
  if (next == INT64_MAX) return;
  wake_at(wake_, next, arch_.cores.count + 1);
}

void CommandProcessor::finish_tasks(Femtoseconds now) {
  for (std::uint32_t* running : {&kernel_task_, &collective_task_}) {
    if (*running == kNoTask || outcomes_[*running].end == 0 || outcomes_[*running].end > now) continue;
    outcomes_[*running].done = true;
    *running = kNoTask;
  }
}

void CommandProcessor::start_ready_tasks(Femtoseconds now) {
  for (std::uint32_t task = 0; task < program_->tasks.size(); ++task) {
    if (started_[task] || !ready(task)) continue;
    const bool is_kernel = std::holds_alternative<KernelLaunch>(program_->tasks[task].work);
    if ((is_kernel ? kernel_task_ : collective_task_) != kNoTask) continue;
    started_[task] = true;
    outcomes_[task].start = now;
    ++counts_.kernels;
    if (is_kernel) {
      start_kernel(task, now);
    } else {
      collective_task_ = task;
      const CollectiveTask& collective = std::get<CollectiveTask>(program_->tasks[task].work);
      // What a protocol costs to start holds the kernel's own start.
      const bool covered = collective.plan && collective.plan->base_s > 0;
      const Femtoseconds overhead = covered ? 0 : from_ns(arch_.command.kernel_overhead_ns);
      outcomes_[task].split.add(TimeCategory::launch, overhead);
      start_collective(collective, now + overhead);
    }
  }
}

TileRange CommandProcessor::tile_range(TensorId tensor, const std::vector<std::uint64_t>& tile_bytes) {
  TileRange range;
  range.tensor = tensor;
  range.tile_bytes = tile_bytes;
  for (const ResidentTensor& r : on_chip_.tensors) {
    if (r.tensor != tensor) continue;
    range.resident_bytes = r.bytes;
    range.dirty_bytes = r.dirty_bytes;
    placed_.push_back(tensor);
  }
  return range;
}

// Prices the kernels and gives each tile an entry of the shared levels: a tensor's are a range, the parts
// that the kernels have of it one behind the other.
void CommandProcessor::place_kernels(const KernelLaunch& launch) {
  const ComputeTile& first_core = *tiles_[0];
  run_.launch = &launch;
  run_.kernels.clear();
  for (const TileKernel& kernel : launch.kernels()) {
    run_.kernels.push_back({&kernel,
                            {kernel, first_core.matrix, first_core.vector, first_core.scratchpad},
                            std::vector<std::uint32_t>(kernel.inputs.size(), kNoEntry),
                            std::vector<std::uint32_t>(kernel.outputs.size(), kNoEntry)});
  }
  if (shared_ == nullptr) return;
  placed_.clear();
  std::vector<TileRange> ranges;
  std::uint32_t first = 0;
  const auto place = [&](std::vector<KernelOperand> TileKernel::*operands,
                         std::vector<std::uint32_t> PlacedKernel::*entries) {
    for (std::size_t i = 0; i < (launch.front().*operands).size(); ++i) {
      std::vector<std::uint64_t> sizes;
      for (PlacedKernel& placed : run_.kernels) {
        const TileKernel& kernel = *placed.kernel;
        const KernelOperand& operand = (kernel.*operands)[i];
        const std::uint64_t tiles = operand_tile_count(kernel, operand);
        (placed.*entries)[i] = first + static_cast<std::uint32_t>(sizes.size());
        sizes.reserve(sizes.size() + tiles);
        for (std::uint64_t t = 0; t < tiles; ++t) sizes.push_back(operand_bytes_at(kernel, operand, t));
      }
      first += static_cast<std::uint32_t>(sizes.size());
      ranges.push_back(tile_range((launch.front().*operands)[i].tensor, sizes));
    }
  };
  place(&TileKernel::inputs, &PlacedKernel::input_entry);
  place(&TileKernel::outputs, &PlacedKernel::output_entry);
  shared_->begin(ranges, on_chip_.dirty_beside(placed_));
}

// Tensor 0 is the array that goes in, 1 the one that comes out. Beside a kernel, whose tiles own the shared
// buffer, a collective goes straight to DRAM.
void CommandProcessor::start_collective(const CollectiveTask& task, Femtoseconds t) {
  collective_placed_ = shared_ != nullptr && kernel_task_ == kNoTask && task.devices > 1;
  if (!collective_placed_) {
    collectives_->begin(task, t, kNoEntry, kNoEntry);
    return;
  }
  const std::vector<std::uint64_t> pieces = CollectiveEngine::pieces(task);
  placed_.clear();
  const std::vector<TileRange> ranges = {tile_range(TensorId{0}, pieces), tile_range(TensorId{1}, pieces)};
  shared_->begin(ranges, on_chip_.dirty_beside(placed_));
  collectives_->begin(task, t, 0, static_cast<std::uint32_t>(pieces.size()));
}

void CommandProcessor::start_kernel(std::uint32_t task, Femtoseconds now) {
  const auto& launch = std::get<KernelLaunch>(program_->tasks[task].work);
  if (collective_task_ != kNoTask && collective_placed_) {  // the kernel's tiles take over the shared buffer
    update_on_chip(2);
    collective_placed_ = false;
    collectives_->bypass_shared_buffer();
  }
  kernel_task_ = task;
  place_kernels(launch);
  const TileKernel& shared = launch.front();
  run_.queue = &queue_;
  run_.forward = &forward_;
  const Femtoseconds overhead = from_ns(arch_.command.kernel_overhead_ns + shared.prologue_ns);
  const Femtoseconds start = now + overhead;
  outcomes_[task].split.add(TimeCategory::launch, overhead);
  items_left_ = launch.items();
  last_path_ = CriticalPath::from(start);
  queue_.begin(launch);
  forecast_.begin(launch, run_.kernels, shared_);
  forward_.begin(launch, skip_, arch_.cores.prefetch_across_items, dram_->write_batch_bytes(), forecast_,
                 queue_, *this, start);
  for (std::uint32_t c = 0; c < shared.cores_used; ++c) tiles_[c]->begin(run_, start);
  // Masked pairs of a tile on the diagonal are computed, but not useful: causal kernels count as a whole.
  for (const TileKernel& kernel : launch.kernels()) {
    if (kernel.causal) counts_.macs[static_cast<std::size_t>(kernel.mac_dtype)] += kernel.useful_macs;
  }
  const Femtoseconds dispatched = start + from_ns(arch_.command.item_dispatch_ns);
  for (std::uint32_t slot = 0; slot < shared.resident_items; ++slot) {
    for (std::uint32_t c = 0; c < shared.cores_used; ++c) {
      WorkItem item;
      if (!queue_.next(item)) return;
      tiles_[c]->assign(slot, item, dispatched);
    }
  }
}

void CommandProcessor::item_done(const CriticalPath& path, Femtoseconds now) {
  if (path.at >= last_path_.at) last_path_ = path;
  forward_.item_done(path.at, now);
  if (--items_left_ == queue_.skipped_items()) finish_kernel();
}

void CommandProcessor::positions(std::vector<SlotPosition>& out) const {
  for (const ComputeTile* tile : tiles_) tile->positions(out);
}

void CommandProcessor::jump(std::uint64_t stages) {
  for (ComputeTile* tile : tiles_) tile->jump(stages);
}

void CommandProcessor::under_way(std::vector<SlotPosition>& out) const {
  for (const ComputeTile* tile : tiles_) tile->under_way(out);
}

void CommandProcessor::shift(const std::vector<std::uint64_t>& places, std::uint64_t first) {
  for (ComputeTile* tile : tiles_) tile->shift(places, first);
}

void CommandProcessor::finish_kernel() {
  TaskOutcome& outcome = outcomes_[kernel_task_];
  outcome.end = last_path_.at;
  outcome.skipped = forward_.skipped_time();
  outcome.split += last_path_.split;
  outcome.split += last_path_.split.share(outcome.skipped);  // the replayed waves spent it alike
  skipped_counts_ += forward_.skipped_counts();
  const TileKernel& kernel = run_.launch->front();
  update_on_chip(kernel.inputs.size() + kernel.outputs.size());
  rearm();
}

// Takes over what the shared buffer holds after a task: its own tensors as found there, the others less what
// had to leave.
void CommandProcessor::update_on_chip(std::size_t ranges) {
  if (shared_ == nullptr) return;
  const std::uint64_t before = on_chip_.dirty_beside(placed_);
  on_chip_.write_back(before - std::min(before, shared_->foreign_dirty_bytes()), placed_);
  placed_.clear();
  for (std::size_t i = 0; i < ranges; ++i) on_chip_.hold(shared_->resident(i));
}

void CommandProcessor::collective_done(Femtoseconds done) {
  if (collective_placed_) update_on_chip(2);
  TaskOutcome& outcome = outcomes_[collective_task_];
  outcome.end = std::max<Femtoseconds>(done, outcome.start + 1);
  outcome.split.add(TimeCategory::link, outcome.end - outcome.start - outcome.split.total());
  rearm();
}

std::string CommandProcessor::waiting_for() const {
  std::size_t open = 0;
  for (const TaskOutcome& o : outcomes_) open += o.done ? 0 : 1;
  return std::string(name()) + " has " + std::to_string(open) + " of " + std::to_string(outcomes_.size()) +
         " task(s) unfinished";
}

}  // namespace orrery
