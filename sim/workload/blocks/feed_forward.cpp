#include "sim/workload/blocks/feed_forward.h"

#include "sim/workload/blocks/linear.h"

namespace orrery {

OperatorKind activation_operator(ActivationKind kind) {
  switch (kind) {
    case ActivationKind::silu_gated:
      return OperatorKind::silu_mul;
    case ActivationKind::gelu_gated:
      return OperatorKind::gelu_mul;
    case ActivationKind::gelu:
      return OperatorKind::gelu;
  }
  return OperatorKind::gelu;
}

Tensor FeedForwardBlock::write(GraphBuilder& builder, const Tensor& x) const {
  const GraphFacts& facts = builder.facts();
  const std::uint64_t tokens = builder.tokens();
  const std::uint64_t cols = width / facts.split.tensor;
  const bool gated = activation != ActivationKind::gelu;
  const Tensor up = product(builder, x, name + (gated ? "gate_up" : "up"), group, tokens, facts.hidden,
                            gated ? 2 * cols : cols, biases);
  const Tensor inner = builder.activation(name + "ffn_inner", {tokens, cols});
  builder.append(activation_operator(activation), VectorShape{tokens, cols}, {up}, {inner});
  return project(builder, inner, name + "down", group, width, biases);
}

}  // namespace orrery
