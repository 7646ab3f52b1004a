#pragma once
// Says of a result how far it may be off: the band measured for its own machine, stack and operator where it
// lies inside what was measured; else one pooled from the measured groups that are most like it.
//
// A pool takes the nearest ring of likeness (the same machine; its kernels' library; its vendor; the same
// operator; its family; all) that has enough groups, nearer ones included. Each group counts as one, however
// many rows it has: a new group is a draw among groups, not among rows. What quantile of a pool nine of ten
// rows of a group that is left out stay below was found by leaving each out in turn
// (tests/sim/estimate/expected_error_test.cpp).

#include "sim/config/accuracy_table.h"
#include "sim/config/arch_spec.h"
#include "sim/stats/serving_result.h"

namespace orrery {

// Where nothing of the vendor was measured, and for each thing of an inference outside the measured ones
// (format, range): what predictions of one GPU from another's numbers lost (arch_configs/README.md#accuracy,
// transfer).
inline constexpr double kOutsideFactor = 1.5;
inline constexpr double kPoolQuantile = 0.93;
inline constexpr std::size_t kLeastGroups = 3;

// Of time, power and energy. `time`, `power`: of the result; energy is off by both.
struct ExpectedErrors {
  ExpectedError time, power, energy;
};
ExpectedErrors expected_errors(const RunResult& result, const ArchSpec& arch, const AccuracyTable& table);
ExpectedErrors expected_errors(const ServingResult& result, const ArchSpec& arch, const AccuracyTable& table);
ExpectedErrors expected_errors(const KernelResult& result, const ArchSpec& arch, const AccuracyTable& table);

}  // namespace orrery
