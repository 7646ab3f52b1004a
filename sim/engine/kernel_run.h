#pragma once
// One operator on one machine, cold: what `orrery kernel` reports.

#include "sim/engine/operator_runner.h"
#include "sim/stats/run_result.h"
#include "sim/workload/standalone_operator.h"

namespace orrery {

KernelResult run_kernel(const Operator& op, const ArchSpec& arch, const RunnerOptions& options);
// The same on a runner that already stands (several operators in one process), with data on chip.
KernelResult run_kernel(const Operator& op, OperatorRunner& runner, const OnChip& on_chip = {});

}  // namespace orrery
