#include "sim/engine/machine.h"

#include <algorithm>
#include <systemc>

#include "models/factory.h"
#include "models/noc/routed_network.h"
#include "sim/engine/conservation.h"
#include "sim/engine/power_cap.h"
#include "sim/engine/systemc_session.h"

namespace orrery {
namespace {

// Of tasks that may overlap: the chain that ends last, walked back along the latest-ending dependences.
TimeSplit critical_split(const Program& program, const std::vector<TaskOutcome>& outcomes,
                         Femtoseconds start) {
  TimeSplit split;
  std::size_t at = 0;
  for (std::size_t i = 0; i < outcomes.size(); ++i) {
    if (outcomes[i].end >= outcomes[at].end) at = i;
  }
  while (true) {
    split += outcomes[at].split;
    const auto& deps = program.tasks[at].depends_on;
    if (deps.empty()) break;
    const std::uint32_t before = *std::max_element(
        deps.begin(), deps.end(),
        [&](std::uint32_t a, std::uint32_t b) { return outcomes[a].end < outcomes[b].end; });
    split.add(TimeCategory::wait, outcomes[at].start - outcomes[before].end);
    at = before;
  }
  split.add(TimeCategory::wait, outcomes[at].start - start);
  return split;
}

// What the cores did not simulate, whole waves of items, keeps all of them alike busy.
WorkSharing completed(WorkSharing sharing, const ActivityCounts& counts) {
  const auto complete = [&sharing](SharedWork work, std::uint64_t all) {
    Sharing& of = sharing[static_cast<std::size_t>(work)];
    of = completed(of, all);
  };
  complete(SharedWork::core_macs, counts.issued_macs);
  complete(SharedWork::core_vector_ops, counts.vector_ops + counts.transcendental_ops);
  complete(SharedWork::core_bytes, counts.scratchpad_write_bytes - counts.widened_bytes);
  return sharing;
}

}  // namespace

void check_machine(const ArchSpec& arch) {
  check_power_cap(arch);
  if (arch.network.routed) place_cores(NocGraph(*arch.network.routed), arch.network, arch.cores.count);
}

Machine::Machine(const ArchSpec& arch, Fidelity fidelity) : arch_(arch) {
  check_machine(arch);
  prepare_systemc();
  chip_ = make_chip(arch_, fidelity);
}

Machine::~Machine() = default;

ProgramOutcome Machine::run(const Program& program, const OnChip& on_chip, bool skip_steady_state) {
  if (sc_core::sc_get_status() == sc_core::SC_ELABORATION) sc_core::sc_start(sc_core::SC_ZERO_TIME);
  const Femtoseconds start =
      wake_time(now_fs(), 0);  // on the grid: a program does not depend on what ran before
  check_clock(start);
  chip_->begin();
  const ActivityCounts before = chip_->counts;
  CommandProcessor& command = chip_->command;
  command.begin(program, on_chip, skip_steady_state);
  start_simulation();
  ProgramOutcome outcome;
  Femtoseconds end = start;
  for (const TaskOutcome& task : command.outcomes()) {
    end = std::max(end, task.end);
    outcome.skipped += task.skipped;
  }
  // Writes on their way to DRAM drain before the program is over.
  const Femtoseconds drained = std::max(end, chip_->end(end));
  check_idle(arch_, chip_->components());
  outcome.counts = chip_->counts - before;
  outcome.simulated_counts = outcome.counts;
  outcome.counts += command.skipped_counts();
  outcome.sharing = completed(chip_->sharing(), outcome.counts);
  check_conservation(arch_, outcome.counts);
  check_program(arch_, program, outcome.counts);
  outcome.time = drained - start + outcome.skipped;
  outcome.split = critical_split(program, command.outcomes(), start);
  outcome.split.add(TimeCategory::dram, drained - end);
  outcome.split.add(TimeCategory::wait, outcome.time - outcome.split.total());
  outcome.on_chip = command.on_chip();
  return outcome;
}

void Machine::set_clock_factor(double factor) {
  chip_->clock.set_hertz(arch_.clock_hz * factor);
}

}  // namespace orrery
