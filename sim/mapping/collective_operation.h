#pragma once
// The collective behind an operator.

#include "sim/timing/collective_schedule.h"
#include "sim/workload/operator.h"

namespace orrery {

// Throws SimulationError for an operator that is none.
CollectiveOperation collective_operation(OperatorKind kind);

}  // namespace orrery
