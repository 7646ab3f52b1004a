#pragma once
// What runs programs: the machine at fidelity `tile` (machine.h) or `cycle` (cycle_machine.h). One a process.

#include <vector>

#include "sim/program/program.h"
#include "sim/stats/activity_counts.h"
#include "sim/stats/time_split.h"

namespace orrery {

struct ProgramOutcome {
  Femtoseconds time = 0;
  TimeSplit split;           // sums to time
  Femtoseconds skipped = 0;  // of time: steady state replayed
  ActivityCounts counts;
  ActivityCounts simulated_counts;  // of counts: from events, the rest replayed
  OnChip on_chip;                   // when it ended
};

class ProgramMachine {
 public:
  virtual ~ProgramMachine() = default;

  // Runs a program from an idle machine. Throws SimulationError: buffers that do not
  // fit, a machine that is stuck (who waits for what), a conservation law broken.
  virtual ProgramOutcome run(const Program& program, const OnChip& on_chip, bool skip_steady_state) = 0;

  // Core clock of the programs to come, relative to the nominal one: cores, network and shared buffers.
  virtual void set_clock_factor(double factor) = 0;
};

}  // namespace orrery
