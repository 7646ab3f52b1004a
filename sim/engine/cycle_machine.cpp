#include "sim/engine/cycle_machine.h"

#include <algorithm>
#include <map>
#include <string>

#include "models/factory.h"
#include "sim/engine/conservation.h"
#include "sim/engine/systemc_session.h"
#include "sim/util/errors.h"

namespace orrery {
namespace {

// Where the tensors of a program lie: each from a boundary of its own, tile after tile.
class AddressMap {
 public:
  explicit AddressMap(std::uint64_t line_bytes) : line_bytes_(line_bytes) {}

  struct Place {
    std::uint64_t address = 0, stride = 0, bytes = 0;
  };
  Place place(const TileKernel& kernel, const KernelOperand& operand) {
    Place p;
    const std::uint64_t tiles = operand_tile_count(kernel, operand);
    // The first tile is the largest.
    p.stride = round_up(std::max<std::uint64_t>(1, operand_bytes_at(kernel, operand, 0)), line_bytes_);
    p.bytes = std::max(tiles * p.stride, operand.tensor_bytes);
    Place& known = known_[operand.tensor.value];
    if (known.bytes < p.bytes) {
      known.address = next_;
      known.bytes = p.bytes;
      next_ += round_up(p.bytes, kBoundary);
    }
    p.address = known.address;
    return p;
  }
  const std::map<std::uint32_t, Place>& tensors() const { return known_; }

 private:
  static constexpr std::uint64_t kBoundary = 1 << 16;
  std::uint64_t line_bytes_;
  std::uint64_t next_ = 0;
  std::map<std::uint32_t, Place> known_;
};

}  // namespace

CycleMachine::CycleMachine(const ArchSpec& arch) : arch_(arch) {
  prepare_systemc();
  chip_ = std::make_unique<CycleChip>(arch_);
}

CycleMachine::~CycleMachine() = default;

void CycleMachine::set_clock_factor(double factor) {
  chip_->clock.set_hertz(arch_.clock_hz * factor);
}

ProgramOutcome CycleMachine::run(const Program& program, const OnChip& on_chip, bool /*skip_steady_state*/) {
  if (sc_core::sc_get_status() == sc_core::SC_ELABORATION) sc_core::sc_start(sc_core::SC_ZERO_TIME);
  check_clock(now_fs());
  AddressMap addresses(chip_->memory.line_bytes());
  std::vector<CycleKernelRun> runs;
  for (const Task& task : program.tasks) {
    const auto& kernel = std::get<TileKernel>(task.work);
    for (const auto* operands : {&kernel.inputs, &kernel.outputs}) {
      for (const KernelOperand& operand : *operands) addresses.place(kernel, operand);
    }
  }
  // Once all are known: a tensor that a later kernel cuts into more bytes has moved.
  for (const Task& task : program.tasks) {
    const auto& kernel = std::get<TileKernel>(task.work);
    CycleKernelRun run;
    run.kernel = &kernel;
    for (const KernelOperand& operand : kernel.inputs) {
      const AddressMap::Place p = addresses.place(kernel, operand);
      run.input_address.push_back(p.address);
      run.input_stride.push_back(p.stride);
    }
    for (const KernelOperand& operand : kernel.outputs) {
      const AddressMap::Place p = addresses.place(kernel, operand);
      run.output_address.push_back(p.address);
      run.output_stride.push_back(p.stride);
    }
    runs.push_back(std::move(run));
  }
  std::vector<ResidentRange> ranges;
  std::uint64_t others = on_chip.other_dirty_bytes;
  for (const ResidentTensor& r : on_chip.tensors) {
    const auto known = addresses.tensors().find(r.tensor.value);
    if (known == addresses.tensors().end()) {
      others += r.dirty_bytes;
    } else {
      ranges.push_back({known->second.address, known->second.bytes, r.bytes, r.dirty_bytes});
    }
  }
  chip_->memory.begin(ranges, others);
  const ActivityCounts before = chip_->counts;
  ProgramOutcome outcome;
  for (const CycleKernelRun& run : runs) run_kernel(run, outcome);
  outcome.counts = chip_->counts - before;
  outcome.simulated_counts = outcome.counts;
  check_conservation(arch_, outcome.counts);
  check_program(arch_, program, outcome.counts);
  for (const auto& [tensor, place] : addresses.tensors())
    outcome.on_chip.tensors.push_back(chip_->memory.held(TensorId{tensor}, place.address, place.bytes));
  outcome.on_chip.other_dirty_bytes = chip_->memory.foreign_dirty_bytes();
  return outcome;
}

void CycleMachine::run_kernel(const CycleKernelRun& run, ProgramOutcome& outcome) {
  CycleChip& chip = *chip_;
  const TileKernel& kernel = *run.kernel;
  CycleKernelRun shared = run;
  const CycleCore& first = *chip.cores[0];
  const StageCosts costs(kernel, first.matrix, first.vector, first.scratchpad);
  WorkQueue queue;
  shared.costs = &costs;
  shared.queue = &queue;
  const Femtoseconds overhead = from_ns(arch_.command.kernel_overhead_ns + kernel.prologue_ns);
  const Femtoseconds begin = now_fs();
  const Femtoseconds start = begin + overhead;
  const Femtoseconds dispatched = start + from_ns(arch_.command.item_dispatch_ns);
  ++chip.counts.kernels;
  if (kernel.causal) chip.counts.macs[static_cast<std::size_t>(kernel.mac_dtype)] += kernel.useful_macs;
  queue.begin(kernel);
  chip.begin_kernel(kernel.items(), start);
  for (std::uint32_t c = 0; c < kernel.cores_used; ++c) chip.cores[c]->begin(shared, start);
  WorkItem item;
  for (std::uint32_t slot = 0; slot < kernel.resident_items; ++slot) {
    for (std::uint32_t c = 0; c < kernel.cores_used && queue.next(item); ++c)
      chip.cores[c]->assign(slot, item, dispatched);
  }
  const std::uint64_t opened = chip.memory.dram_activates();
  start_simulation();
  chip.counts.dram_activates += chip.memory.dram_activates() - opened;
  check_idle(arch_, chip.components());
  // What an epilogue still takes after the last store.
  if (chip.last().at > now_fs()) start_simulation(chip.last().at - now_fs());
  outcome.time += chip.last().at - begin;
  outcome.split.add(TimeCategory::launch, overhead);
  outcome.split += chip.last().split;
}

}  // namespace orrery
