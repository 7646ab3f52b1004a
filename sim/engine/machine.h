#pragma once
// One simulated chip in this process: elaborates the modules once, runs programs one after another, and
// checks after each that the program completed, every component is idle and bytes asked = bytes served at
// each level. SystemC allows one elaboration a process: whoever wants several machines forks first
// (isolate.h).

#include <memory>

#include "sim/config/arch_spec.h"
#include "sim/program/program.h"
#include "sim/stats/activity_counts.h"
#include "sim/stats/sharing.h"
#include "sim/stats/time_split.h"
#include "sim/util/fidelity.h"

namespace orrery {

class Chip;

struct ProgramOutcome {
  Femtoseconds time = 0;
  TimeSplit split;           // sums to time
  Femtoseconds skipped = 0;  // of time: steady state replayed
  ActivityCounts counts;
  ActivityCounts simulated_counts;  // of counts: from events, the rest replayed
  WorkSharing sharing;              // of counts; what was replayed is taken as even
  OnChip on_chip;                   // when it ended
};

// Throws ConfigError for what can be known of a machine before anything is elaborated: a network that its
// cores and memory do not fit or that could deadlock, a power cap that it cannot keep at rest.
void check_machine(const ArchSpec& arch);

class Machine {
 public:
  // At fidelity tile or cycle; `arch` must outlive the machine. Throws ConfigError: what that fidelity cannot
  // simulate (at `cycle` a DRAM whose sizes are no powers of two); SimulationError when this process has
  // elaborated another one.
  explicit Machine(const ArchSpec& arch, Fidelity fidelity = Fidelity::tile);
  ~Machine();
  Machine(const Machine&) = delete;
  Machine& operator=(const Machine&) = delete;

  // Runs a program from an idle machine. Throws SimulationError: buffers that do not fit, a machine that is
  // stuck (who waits for what), a conservation law broken.
  ProgramOutcome run(const Program& program, const OnChip& on_chip, bool skip_steady_state);

  // Core clock of the programs to come, relative to the nominal one: cores, network and shared levels.
  void set_clock_factor(double factor);

 private:
  const ArchSpec& arch_;
  std::unique_ptr<Chip> chip_;
};

}  // namespace orrery
