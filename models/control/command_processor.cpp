#include "models/control/command_processor.h"

#include <algorithm>
#include <utility>

namespace orrery {

CommandProcessor::CommandProcessor(const sc_core::sc_module_name& name, const ArchSpec& arch,
                                   ActivityCounts& counts)
    : sc_module(name), arch_(arch), counts_(counts) {
  SC_HAS_PROCESS(CommandProcessor);
  SC_METHOD(step);
  sensitive << wake_;
  dont_initialize();
}

void CommandProcessor::connect(std::vector<Core*> cores, TensorPlaces& places, const TileParts& parts,
                               PimUnits* pim) {
  cores_ = std::move(cores);
  places_ = &places;
  parts_ = parts;
  pim_ = pim;
}

void CommandProcessor::begin(const Program& program, const OnChip& on_chip, bool skip) {
  program_ = &program;
  skip_ = skip;
  places_->begin(program, on_chip);
  outcomes_.assign(program.tasks.size(), TaskOutcome{});
  started_.assign(program.tasks.size(), false);
  skipped_counts_ = ActivityCounts{};
  kernel_task_ = collective_task_ = pim_task_ = kNoTask;
  collective_placed_ = false;
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
  if (parts_.skipping == nullptr && complete()) sc_core::sc_pause();
}

// Wakes at the nearest known end of a running task.
void CommandProcessor::rearm() {
  Femtoseconds next = INT64_MAX;
  for (const std::uint32_t running : {kernel_task_, collective_task_, pim_task_}) {
    if (running != kNoTask && outcomes_[running].end > 0) next = std::min(next, outcomes_[running].end);
  }
  if (next == INT64_MAX) return;
  wake_at(wake_, next, arch_.cores.count + 1);
}

void CommandProcessor::finish_tasks(Femtoseconds now) {
  for (std::uint32_t* running : {&kernel_task_, &collective_task_, &pim_task_}) {
    if (*running == kNoTask || outcomes_[*running].end == 0 || outcomes_[*running].end > now) continue;
    outcomes_[*running].done = true;
    *running = kNoTask;
  }
}

// Who runs what kind of task: one of each at a time.
std::uint32_t& CommandProcessor::place_of(const Task& task) {
  if (std::holds_alternative<KernelLaunch>(task.work)) return kernel_task_;
  return std::holds_alternative<PimTask>(task.work) ? pim_task_ : collective_task_;
}

void CommandProcessor::start_ready_tasks(Femtoseconds now) {
  for (std::uint32_t i = 0; i < program_->tasks.size(); ++i) {
    const Task& task = program_->tasks[i];
    if (started_[i] || !ready(i) || place_of(task) != kNoTask) continue;
    started_[i] = true;
    outcomes_[i].start = now;
    ++counts_.kernels;
    if (std::holds_alternative<KernelLaunch>(task.work)) {
      start_kernel(i, now);
    } else if (const auto* products = std::get_if<PimTask>(&task.work)) {
      pim_task_ = i;
      start_pim(*products, now);
    } else {
      collective_task_ = i;
      const auto& collective = std::get<CollectiveTask>(task.work);
      // What a protocol costs to start holds the kernel's own start.
      const bool covered = collective.plan && collective.plan->base_s > 0;
      const Femtoseconds overhead = covered ? 0 : from_ns(arch_.command.kernel_overhead_ns);
      outcomes_[i].split.add(TimeCategory::launch, overhead);
      start_collective(collective, now + overhead);
    }
  }
}

void CommandProcessor::start_pim(const PimTask& task, Femtoseconds now) {
  TaskOutcome& outcome = outcomes_[pim_task_];
  const Femtoseconds overhead = from_ns(arch_.command.kernel_overhead_ns);
  outcome.end = std::max<Femtoseconds>(pim_->run(task, now + overhead), now + 1);
  outcome.split.add(TimeCategory::launch, overhead);
  const Femtoseconds multiplying = pim_->multiplying(task, outcome.end - now - overhead);
  outcome.split.add(TimeCategory::compute, multiplying);
  outcome.split.add(TimeCategory::dram, outcome.end - now - overhead - multiplying);
}

// Beside a kernel, whose tiles own the shared levels, a collective goes straight to DRAM.
void CommandProcessor::start_collective(const CollectiveTask& task, Femtoseconds t) {
  collective_placed_ = kernel_task_ == kNoTask && task.group.devices > 1;
  EntryPlaces::Arrays arrays;
  if (collective_placed_) arrays = parts_.entries->place(CollectiveEngine::pieces(task));
  parts_.collectives->begin(task, t, arrays.input, arrays.output);
}

void CommandProcessor::start_kernel(std::uint32_t task, Femtoseconds now) {
  const auto& launch = std::get<KernelLaunch>(program_->tasks[task].work);
  if (collective_task_ != kNoTask && collective_placed_) {  // the kernel's tiles take over the shared levels
    places_->done();
    collective_placed_ = false;
    parts_.collectives->bypass_shared_buffer();
  }
  kernel_task_ = task;
  run_.launch = &launch;
  run_.kernels.clear();
  for (const TileKernel& kernel : launch.kernels())
    run_.kernels.push_back({&kernel, cores_.front()->price(kernel), {}, {}});
  places_->place(launch, run_.kernels);
  run_.queue = &queue_;
  const TileKernel& shared = launch.front();
  const Femtoseconds overhead = from_ns(arch_.command.kernel_overhead_ns + shared.prologue_ns);
  const Femtoseconds start = now + overhead;
  outcomes_[task].split.add(TimeCategory::launch, overhead);
  items_left_ = launch.items();
  last_path_ = CriticalPath::from(start);
  queue_.begin(launch);
  if (parts_.skipping != nullptr) {
    parts_.skipping->begin(run_, skip_, start);
    run_.forward = &parts_.skipping->forward();
  }
  for (std::uint32_t c = 0; c < shared.cores_used; ++c) cores_[c]->begin(run_, start);
  // Masked pairs of a tile on the diagonal, and zeros that no engine passes over, are multiplied, but not
  // useful.
  for (const TileKernel& kernel : launch.kernels()) {
    if (kernel.multiplies_useless)
      counts_.macs[static_cast<std::size_t>(kernel.mac_dtype)] += kernel.useful_macs;
  }
  deal_first_items(start + from_ns(arch_.command.item_dispatch_ns));
}

// To the first slot of each core, then to the second, ...
void CommandProcessor::deal_first_items(Femtoseconds dispatched) {
  const TileKernel& shared = run_.launch->front();
  for (std::uint32_t slot = 0; slot < shared.resident_items; ++slot) {
    for (std::uint32_t c = 0; c < shared.cores_used; ++c) {
      WorkItem item;
      if (!queue_.next(c, slot, item)) return;
      cores_[c]->assign(slot, item, dispatched);
    }
  }
}

void CommandProcessor::item_done(const CriticalPath& path, Femtoseconds now) {
  if (path.at >= last_path_.at) last_path_ = path;
  if (parts_.skipping != nullptr) parts_.skipping->item_done(path.at, now);
  if (--items_left_ == queue_.skipped_items()) finish_kernel();
}

void CommandProcessor::finish_kernel() {
  TaskOutcome& outcome = outcomes_[kernel_task_];
  outcome.end = last_path_.at;
  outcome.split += last_path_.split;
  if (parts_.skipping != nullptr) {
    const FastForward& forward = parts_.skipping->forward();
    outcome.skipped = forward.skipped_time();
    outcome.split += last_path_.split.share(outcome.skipped);  // the replayed waves spent it alike
    skipped_counts_ += forward.skipped_counts();
  }
  places_->done();
  rearm();
}

void CommandProcessor::collective_done(Femtoseconds done) {
  if (collective_placed_) places_->done();
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
