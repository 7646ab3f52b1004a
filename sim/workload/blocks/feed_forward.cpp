#include "sim/workload/blocks/feed_forward.h"

#include "sim/workload/blocks/linear.h"

namespace orrery {

Tensor FeedForwardBlock::write(GraphBuilder& builder, const Tensor& x) const {
  const GraphFacts& facts = builder.facts();
  const std::uint64_t tokens = builder.tokens();
  const std::uint64_t cols = width / facts.tensor_parallel;
  const bool gated = activation == ActivationKind::silu_gated;
  const Tensor up =
      product(builder, x, gated ? "gate_up" : "up", tokens, facts.hidden, gated ? 2 * cols : cols, biases);
  const Tensor inner = builder.activation("ffn_inner", {tokens, cols});
  builder.append(gated ? OperatorKind::silu_mul : OperatorKind::gelu, VectorShape{tokens, cols}, {up},
                 {inner});
  return project(builder, inner, "down", width, biases);
}

}  // namespace orrery
