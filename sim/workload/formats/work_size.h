#pragma once
// Compute nodes of which only the size is known: operations and bytes.

#include <cstdint>

#include "sim/workload/formats/coverage.h"
#include "sim/workload/operator.h"

namespace orrery {

// The product of m rows and a square matrix of s x s that takes `flops` operations (2 m s^2) and moves
// `bytes` (2 m s + s^2 elements), m at most s; a cube where no product needs so few bytes; a copy where there
// are no operations. Says so in `coverage`. Throws ConfigError where both are 0.
Operator operator_of_size(std::uint64_t flops, std::uint64_t bytes, DType dtype, Coverage& coverage);

}  // namespace orrery
