#pragma once
// The vector unit's function for an element-wise or row-wise operator.

#include "sim/timing/vector_timing.h"
#include "sim/workload/operator.h"

namespace orrery {

// Throws SimulationError for an operator that is none.
VectorFunction vector_function(OperatorKind kind);

// Operators that need a whole row at once; the others may be cut anywhere.
bool is_row_wise(OperatorKind kind);

}  // namespace orrery
