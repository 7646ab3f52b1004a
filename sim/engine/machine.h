#pragma once
// One simulated chip in this process: elaborates the modules once, runs programs one after another, and
// checks after each that the program completed, every component is idle and bytes asked = bytes served at
// each level. SystemC allows one elaboration a process: whoever wants several machines forks first
// (isolate.h).

#include <memory>
#include <vector>

#include "sim/config/arch_spec.h"
#include "sim/engine/program_machine.h"

namespace orrery {

struct Chip;

// Throws ConfigError for what can be known of a machine before anything is elaborated: a network that its
// cores and memory do not fit or that could deadlock, a power cap that it cannot keep at rest.
void check_machine(const ArchSpec& arch);

class Machine : public ProgramMachine {
 public:
  // `arch` must outlive the machine. Throws SimulationError when this process has elaborated another one.
  explicit Machine(const ArchSpec& arch);
  ~Machine() override;
  Machine(const Machine&) = delete;
  Machine& operator=(const Machine&) = delete;

  ProgramOutcome run(const Program& program, const OnChip& on_chip, bool skip_steady_state) override;
  void set_clock_factor(double factor) override;

 private:
  const ArchSpec& arch_;
  std::unique_ptr<Chip> chip_;

  void check_complete() const;
};

}  // namespace orrery
