#pragma once
// One operator on one machine, cold: what `orrery kernel` reports.

#include "sim/engine/operator_runner.h"
#include "sim/stats/run_result.h"

namespace orrery {

// An operator on its own, with tensors to match its shape.
Operator standalone_matmul(const MatmulShape& shape, DType dtype);
Operator standalone_attention(const AttentionShape& shape, DType dtype);
Operator standalone_vector(OperatorKind kind, const VectorShape& shape, DType dtype);
Operator standalone_collective(OperatorKind kind, const CollectiveShape& shape, DType dtype);

KernelResult run_kernel(const Operator& op, const ArchSpec& arch, const RunnerOptions& options);
// The same on a runner that already stands (several operators in one process), with tensors on chip.
KernelResult run_kernel(const Operator& op, OperatorRunner& runner,
                        const std::vector<ResidentTensor>& resident = {});

}  // namespace orrery
