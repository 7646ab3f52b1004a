#pragma once
// One simulated chip in this process: elaborates the modules once, runs programs one after another, and
// checks after each that the program completed, every component is idle and bytes asked = bytes served at
// each level. SystemC allows one elaboration a process: whoever wants several machines forks first
// (isolate.h).

#include <memory>
#include <vector>

#include "sim/config/arch_spec.h"
#include "sim/program/program.h"
#include "sim/stats/activity_counts.h"
#include "sim/stats/time_split.h"

namespace orrery {

struct ProgramOutcome {
  Femtoseconds time = 0;
  TimeSplit split;           // sums to time
  Femtoseconds skipped = 0;  // of time: steady state replayed
  ActivityCounts counts;
  ActivityCounts simulated_counts;       // of counts: from events, the rest replayed
  std::vector<ResidentTensor> resident;  // of the program's tensors, when it ended
  std::uint64_t foreign_dirty_bytes = 0;
};

struct Chip;

class Machine {
 public:
  // `arch` must outlive the machine. Throws SimulationError when this process has elaborated another one.
  explicit Machine(const ArchSpec& arch);
  ~Machine();
  Machine(const Machine&) = delete;
  Machine& operator=(const Machine&) = delete;

  // Runs a program from an idle machine with `resident` on chip. Throws SimulationError: buffers that do not
  // fit, a machine that is stuck (who waits for what), a conservation law broken.
  ProgramOutcome run(const Program& program, const std::vector<ResidentTensor>& resident,
                     std::uint64_t foreign_dirty_bytes, bool skip_steady_state);

  // Core clock of the programs to come, relative to the nominal one: cores, network and shared buffers.
  void set_clock_factor(double factor);

 private:
  const ArchSpec& arch_;
  std::unique_ptr<Chip> chip_;

  void check_complete() const;
  void check_conservation(const ActivityCounts& counts) const;
  void check_program(const Program& program, const ActivityCounts& counts) const;
};

}  // namespace orrery
