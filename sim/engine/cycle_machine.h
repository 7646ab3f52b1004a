#pragma once
// One simulated chip at fidelity `cycle`: systolic arrays element by element, DRAM command by command, the
// network flit by flit, the shared buffers line by line. For blocks and small kernels. A program's kernels
// run one after another. Left out, and refused by OperatorRunner: collectives (one chip), networks that
// multicast. Steady states are not skipped.

#include <memory>

#include "sim/config/arch_spec.h"
#include "sim/engine/program_machine.h"

namespace orrery {

class CycleChip;
struct CycleKernelRun;

class CycleMachine : public ProgramMachine {
 public:
  // `arch` must outlive the machine. Throws ConfigError: a network too small, a DRAM whose sizes are no
  // powers of two; SimulationError when this process has elaborated another machine.
  explicit CycleMachine(const ArchSpec& arch);
  ~CycleMachine() override;

  ProgramOutcome run(const Program& program, const OnChip& on_chip, bool skip_steady_state) override;
  void set_clock_factor(double factor) override;

 private:
  const ArchSpec& arch_;
  std::unique_ptr<CycleChip> chip_;

  // Adds the kernel's time to `outcome`.
  void run_kernel(CycleKernelRun& run, ProgramOutcome& outcome);
};

}  // namespace orrery
