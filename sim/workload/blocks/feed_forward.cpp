#include "sim/workload/blocks/feed_forward.h"

#include <algorithm>
#include <cmath>

#include "sim/util/units.h"
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

std::uint64_t FeedForwardBlock::computed(GraphBuilder& builder, const Tensor& x, std::uint64_t cols) const {
  const GraphFacts& facts = builder.facts();
  const ExecutionSpec& execution = facts.execution;
  const std::uint64_t tokens = builder.tokens();
  // Of a share that each token needs, what all of them together do.
  const auto of_any = [&](double share) {
    const double any = -std::expm1(static_cast<double>(tokens) * std::log1p(-share));
    return std::min(cols, static_cast<std::uint64_t>(std::ceil(any * static_cast<double>(cols))));
  };
  if (const auto& stored = execution.stored_weights; stored && stored->loaded_share > 0) {
    const std::uint64_t brought = of_any(stored->loaded_share);
    const std::uint64_t rows = activation == ActivationKind::gelu ? 2 : 3;  // of a neuron
    const std::uint64_t row = builder.weight_bytes(facts.hidden, group);
    builder.read_stored(stored->bundled ? StoredPieces{brought, rows * row}
                                        : StoredPieces{rows * brought, row});
  }
  if (!execution.conditional) return cols;
  const ConditionalSpec& how = *execution.conditional;
  if (how.path > 0)
    return std::min<std::uint64_t>(cols, ceil_div<std::uint64_t>(how.path, facts.split.tensor));
  if (how.predictor_rank > 0) {
    const Tensor narrow =
        product(builder, x, name + "predictor_in", group, tokens, facts.hidden, how.predictor_rank);
    const Tensor scores =
        product(builder, narrow, name + "predictor_out", group, tokens, how.predictor_rank, cols);
    builder.append(OperatorKind::topk, VectorShape{tokens, cols}, {scores},
                   {builder.activation(name + "neurons", {tokens, cols})});
  }
  return of_any(how.kept_share);
}

Tensor FeedForwardBlock::write(GraphBuilder& builder, const Tensor& x) const {
  const GraphFacts& facts = builder.facts();
  const std::uint64_t tokens = builder.tokens();
  const std::uint64_t all = width / facts.split.tensor;
  const std::uint64_t cols = computed(builder, x, all);
  const bool gated = activation != ActivationKind::gelu;
  const std::string up_name = name + (gated ? "gate_up" : "up");
  if (cols < all) {  // what is held is all of them
    builder.hold(up_name + "_weight", (gated ? 2 : 1) * facts.hidden * all, group);
    builder.hold(name + "down_weight", facts.hidden * all, group);
    if (biases) builder.hold(up_name + "_bias", (gated ? 2 : 1) * all);
  }
  const Tensor up =
      product(builder, x, up_name, group, tokens, facts.hidden, gated ? 2 * cols : cols, biases);
  const Tensor inner = builder.activation(name + "ffn_inner", {tokens, cols});
  builder.append(activation_operator(activation), VectorShape{tokens, cols}, {up}, {inner});
  return project(builder, inner, name + "down", group, cols * facts.split.tensor, biases);
}

}  // namespace orrery
