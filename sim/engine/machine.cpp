#include "sim/engine/machine.h"

#include <fmt/format.h>

#include <algorithm>
#include <systemc>

#include "models/factory.h"
#include "sim/engine/systemc_session.h"
#include "sim/util/errors.h"

namespace orrery {
namespace {

constexpr Femtoseconds kLatestStart = 9'000'000'000'000'000'000;  // 9000 s: the clock saturates at 9223 s

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

}  // namespace

Machine::Machine(const ArchSpec& arch) : arch_(arch) {
  prepare_systemc();
  chip_ = std::make_unique<Chip>(arch_);
}

Machine::~Machine() = default;

ProgramOutcome Machine::run(const Program& program, const std::vector<ResidentTensor>& resident,
                            std::uint64_t foreign_dirty_bytes, bool skip_steady_state) {
  if (sc_core::sc_get_status() == sc_core::SC_ELABORATION) sc_core::sc_start(sc_core::SC_ZERO_TIME);
  const Femtoseconds start =
      wake_time(now_fs(), 0);  // on the grid: a program does not depend on what ran before
  if (start > kLatestStart) throw SimulationError("machine", "more than 9000 s simulated in one process");
  chip_->reset();
  const ActivityCounts before = chip_->counts;
  CommandProcessor& command = *chip_->command;
  command.begin(program, resident, foreign_dirty_bytes, skip_steady_state);
  start_simulation();
  chip_->dram->drain(now_fs());
  check_complete();

  ProgramOutcome outcome;
  Femtoseconds end = start;
  for (const TaskOutcome& task : command.outcomes()) {
    end = std::max(end, task.end);
    outcome.skipped += task.skipped;
  }
  outcome.counts = chip_->counts - before;
  outcome.simulated_counts = outcome.counts;
  outcome.counts += command.skipped_counts();
  check_conservation(outcome.counts);
  check_program(program, outcome.counts);
  outcome.time = end - start + outcome.skipped;
  outcome.split = critical_split(program, command.outcomes(), start);
  outcome.split.add(TimeCategory::wait, outcome.time - outcome.split.total());
  outcome.resident = command.resident();
  outcome.foreign_dirty_bytes = command.foreign_dirty_bytes();
  return outcome;
}

void Machine::set_clock_factor(double factor) {
  chip_->clock.set_hertz(arch_.clock_hz * factor);
}

void Machine::check_complete() const {
  std::string stuck;
  for (const Component* component : chip_->components()) {
    if (!component->idle()) stuck += (stuck.empty() ? "" : "; ") + component->waiting_for();
  }
  if (!stuck.empty()) throw SimulationError(arch_.name, "no event is left, yet " + stuck);
}

// MACs and stores must be those of the program's tiles.
void Machine::check_program(const Program& program, const ActivityCounts& counts) const {
  std::uint64_t macs = 0;
  std::uint64_t stored = 0;
  for (const Task& task : program.tasks) {
    const auto* kernel = std::get_if<TileKernel>(&task.work);
    if (kernel == nullptr) return;  // a collective stores too
    macs += kernel->useful_macs;
    stored += stored_bytes(*kernel);
  }
  if (counts.total_macs() != macs) {
    throw SimulationError(arch_.name,
                          fmt::format("{} MACs done, the program has {}", counts.total_macs(), macs));
  }
  if (counts.requested_write_bytes != stored) {
    throw SimulationError(
        arch_.name, fmt::format("{} bytes stored, the program has {}", counts.requested_write_bytes, stored));
  }
}

void Machine::check_conservation(const ActivityCounts& c) const {
  const auto require = [&](const char* what, std::uint64_t asked, std::uint64_t served) {
    if (asked == served) return;
    throw SimulationError(arch_.name, fmt::format("{}: {} bytes asked, {} served", what, asked, served));
  };
  require("network", c.requested_read_bytes + c.requested_write_bytes, c.noc_bytes);
  if (arch_.shared_buffer) {
    require("shared buffer reads", c.requested_read_bytes - c.multicast_bytes, c.shared_read_bytes);
    require("shared buffer writes", c.requested_write_bytes, c.shared_write_bytes);
    // What a level misses or passes on, the next one serves.
    require("levels behind it and DRAM, reads", c.shared_fill_bytes + c.outer_fill_bytes,
            c.outer_read_bytes + c.dram_read_bytes);
    require("levels behind it and DRAM, writes", c.shared_writeback_bytes + c.outer_writeback_bytes,
            c.outer_write_bytes + c.dram_write_bytes);
  } else {
    require("DRAM reads", c.requested_read_bytes - c.multicast_bytes, c.dram_read_bytes);
    require("DRAM writes", c.requested_write_bytes, c.dram_write_bytes);
  }
}

}  // namespace orrery
