#pragma once
// Cycles of a vector unit on rows held in the scratchpad: lane operations and transcendentals an element,
// plus the latency of the reduction trees a row needs. Rows are pipelined, so latency is paid once a call.
// Operation counts are those of the straightforward kernel of each function (one fused multiply-add = one
// operation).

#include <cstdint>

#include "sim/config/arch_spec.h"

namespace orrery {

enum class VectorFunction : std::uint8_t {
  copy,            // move only: kv append, embedding rows
  add,             // a + b
  scale,           // x * s
  accumulate,      // sum of partial results
  widen,           // integers to the format that multiplies: shift, mask, scale, some at a time
  softmax,         // max, exp(x - max), sum, scale
  online_softmax,  // a FlashAttention block: running max and sum, rescale of the accumulator
  rmsnorm,
  layernorm,
  add_rmsnorm,
  rope,
  silu_mul,  // silu(a) * b
  gelu,
};

struct VectorCost {
  double simple_ops = 0;              // lane operations an element
  double transcendental_ops = 0;      // an element
  double row_transcendental_ops = 0;  // a row
  std::uint32_t reductions = 0;       // trees over a row
  std::uint32_t instructions = 0;     // vector instructions a row, on machines that issue one for each
};
VectorCost vector_cost(VectorFunction function);

struct VectorWork {
  std::uint64_t cycles = 0;
  std::uint64_t simple_ops = 0;
  std::uint64_t transcendental_ops = 0;
};

// `rows` rows of `cols` output elements each on one core's vector unit.
VectorWork vector_work(const VectorUnitSpec& spec, VectorFunction function, std::uint64_t rows,
                       std::uint64_t cols);

}  // namespace orrery
