#pragma once
// Says of a result how far it may be off: the band measured for its own machine, stack and operator where it
// lies inside what was measured; a wider one where a relative of the machine (kernels of the same vendor)
// was; none where nothing comparable was.

#include "sim/config/accuracy_table.h"
#include "sim/config/arch_spec.h"
#include "sim/stats/run_result.h"

namespace orrery {

// Outside the measured machines, models and ranges the band is this much wider: what predictions of one GPU
// from another's numbers lost (arch_configs/README.md#accuracy, transfer).
inline constexpr double kOutsideFactor = 1.5;

ExpectedError expected_error(const RunResult& result, const ArchSpec& arch, const AccuracyTable& table);
ExpectedError expected_error(const KernelResult& result, const ArchSpec& arch, const AccuracyTable& table);

}  // namespace orrery
