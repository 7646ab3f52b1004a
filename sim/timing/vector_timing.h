#pragma once
// Cycles of a vector unit on rows held in the scratchpad: lane operations and transcendentals an element,
// plus the latency of the reduction trees a row needs. Rows are pipelined, so latency is paid once a call.

#include <cstdint>

#include "sim/config/arch_spec.h"
#include "sim/operators/vector_cost.h"
#include "sim/util/amount.h"

namespace orrery {

struct VectorWork {
  Cycles cycles;
  std::uint64_t simple_ops = 0;
  std::uint64_t transcendental_ops = 0;
};

// `rows` rows of `cols` output elements each on one core's vector unit.
VectorWork vector_work(const VectorUnitSpec& spec, const VectorCost& cost, std::uint64_t rows,
                       std::uint64_t cols);

}  // namespace orrery
