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
    std::uint64_t address = 0, bytes = 0;
  };
  using Operands = std::vector<KernelOperand> TileKernel::*;

  // Where the tiles of operand `index` lie, of each kernel of a launch: the parts that they have of the
  // tensor are one behind the other.
  std::vector<TilePlaces> place(const KernelLaunch& launch, Operands operands, std::size_t index) {
    std::vector<TilePlaces> places;
    std::uint64_t bytes = 0;
    std::uint64_t tensor_bytes = 0;
    for (const TileKernel& kernel : launch.kernels()) {
      const KernelOperand& operand = (kernel.*operands)[index];
      // The first tile is the largest.
      const std::uint64_t stride =
          round_up(std::max<std::uint64_t>(1, operand_bytes_at(kernel, operand, 0)), line_bytes_);
      places.push_back({bytes, stride});
      bytes += operand_tile_count(kernel, operand) * stride;
      tensor_bytes += operand.tensor_bytes;
    }
    bytes = std::max(bytes, tensor_bytes);
    Place& known = known_[(launch.front().*operands)[index].tensor.value];
    if (known.bytes < bytes) {
      known = {next_, bytes};
      next_ += round_up(bytes, kBoundary);
    }
    for (TilePlaces& p : places) p.address += known.address;
    return places;
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
  for (const Task& task : program.tasks) {
    const auto& launch = std::get<KernelLaunch>(task.work);
    for (const auto operands : {&TileKernel::inputs, &TileKernel::outputs}) {
      for (std::size_t i = 0; i < (launch.front().*operands).size(); ++i) addresses.place(launch, operands, i);
    }
  }
  // Once all are known: a tensor that a later kernel cuts into more bytes has moved.
  std::vector<CycleKernelRun> runs;
  const CycleCore& first = *chip_->cores[0];
  for (const Task& task : program.tasks) {
    const auto& launch = std::get<KernelLaunch>(task.work);
    CycleKernelRun run;
    run.launch = &launch;
    for (const TileKernel& kernel : launch.kernels())
      run.kernels.push_back({&kernel, {kernel, first.matrix, first.vector, first.scratchpad}, {}, {}});
    const auto place = [&](AddressMap::Operands operands, std::vector<TilePlaces> AddressedKernel::*places) {
      for (std::size_t i = 0; i < (launch.front().*operands).size(); ++i) {
        const std::vector<TilePlaces> of_each = addresses.place(launch, operands, i);
        for (std::size_t k = 0; k < of_each.size(); ++k) (run.kernels[k].*places).push_back(of_each[k]);
      }
    };
    place(&TileKernel::inputs, &AddressedKernel::inputs);
    place(&TileKernel::outputs, &AddressedKernel::outputs);
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
  for (CycleKernelRun& run : runs) run_kernel(run, outcome);
  outcome.counts = chip_->counts - before;
  outcome.simulated_counts = outcome.counts;
  check_conservation(arch_, outcome.counts);
  check_program(arch_, program, outcome.counts);
  for (const auto& [tensor, place] : addresses.tensors())
    outcome.on_chip.tensors.push_back(chip_->memory.held(TensorId{tensor}, place.address, place.bytes));
  outcome.on_chip.other_dirty_bytes = chip_->memory.foreign_dirty_bytes();
  return outcome;
}

void CycleMachine::run_kernel(CycleKernelRun& run, ProgramOutcome& outcome) {
  CycleChip& chip = *chip_;
  const KernelLaunch& launch = *run.launch;
  const TileKernel& shared = launch.front();
  WorkQueue queue;
  run.queue = &queue;
  const Femtoseconds overhead = from_ns(arch_.command.kernel_overhead_ns + shared.prologue_ns);
  const Femtoseconds begin = now_fs();
  const Femtoseconds start = begin + overhead;
  const Femtoseconds dispatched = start + from_ns(arch_.command.item_dispatch_ns);
  ++chip.counts.kernels;
  for (const TileKernel& kernel : launch.kernels()) {
    if (kernel.causal) chip.counts.macs[static_cast<std::size_t>(kernel.mac_dtype)] += kernel.useful_macs;
  }
  queue.begin(launch);
  chip.begin_kernel(launch.items(), start);
  for (std::uint32_t c = 0; c < shared.cores_used; ++c) chip.cores[c]->begin(run, start);
  WorkItem item;
  for (std::uint32_t slot = 0; slot < shared.resident_items; ++slot) {
    for (std::uint32_t c = 0; c < shared.cores_used && queue.next(item); ++c)
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
