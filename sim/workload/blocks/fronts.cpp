#include "sim/workload/blocks/fronts.h"

#include "sim/util/checked.h"
#include "sim/util/units.h"
#include "sim/workload/blocks/linear.h"
#include "sim/workload/blocks/norm.h"

namespace orrery {

ResidualStream EmbeddingBlock::write(GraphBuilder& builder) const {
  const std::uint64_t hidden = builder.facts().hidden;
  const std::uint64_t tokens = builder.tokens();
  const std::uint64_t cols = width > 0 ? width : hidden;
  // Devices of a group have a part of the rows each, and a token's row is nought on all but one.
  const bool apart =
      cols == hidden && builder.facts().execution.tensor_parallel != TensorParallelScheme::gather_each_matmul;
  const std::uint64_t rows = apart ? ceil_div<std::uint64_t>(vocab, builder.facts().split.tensor) : vocab;
  std::vector<Tensor> inputs = {builder.weight("embedding", {rows, cols}, TensorGroup::embedding)};
  // Tables beside are as wide as what is normed.
  const std::uint64_t beside = normed_narrow ? cols : hidden;
  if (positions > 0 && cols == hidden) inputs.push_back(builder.weight("positions", {positions, hidden}));
  if (positions > 0 && cols != hidden) builder.hold("positions", checked_product({positions, beside}));
  if (token_types > 0) builder.hold("token_types", checked_product({token_types, beside}));
  if (cols == hidden) {
    Tensor x = builder.activation("x", {tokens, hidden});
    builder.append(OperatorKind::embedding, VectorShape{tokens, hidden}, inputs, {x});
    if (apart) x = summed(builder, x, "x_summed");
    return {normed ? norm(builder, x, "x_norm", "embedding_norm") : x, std::nullopt};
  }
  Tensor narrow = builder.activation("x_narrow", {tokens, cols});
  builder.append(OperatorKind::embedding, VectorShape{tokens, cols}, {inputs.front()}, {narrow});
  if (normed_narrow) {
    const Tensor out = builder.activation("x_narrow_norm", {tokens, cols});
    head_norm(builder, narrow, out, "embedding_norm", tokens, cols, cols, false);
    narrow = out;
  }
  const Tensor wide =
      product(builder, narrow, "x", TensorGroup::embedding, tokens, cols, hidden, normed_narrow);
  return {normed ? norm(builder, wide, "x_norm", "embedding_norm") : wide, std::nullopt};
}

ResidualStream FeatureBlock::write(GraphBuilder& builder) const {
  refuse_rows_apart(builder, "an encoder of features");
  const std::uint64_t tokens = builder.tokens();
  const FeatureProduct& first = products.front();
  Tensor x = builder.activation("features", {first.rows * tokens, first.inner});
  for (std::size_t i = 0; i < products.size(); ++i) {
    const FeatureProduct& p = products[i];
    const std::string name = i + 1 == products.size() ? "x" : "features_" + std::to_string(i + 1);
    const std::uint64_t rows = p.rows * tokens;
    x = product(builder, view(x, {rows, p.inner}), name, TensorGroup::embedding, rows, p.inner, p.outer,
                true);
    if (!p.active) continue;
    const Tensor active = builder.activation(name + "_active", {rows, p.outer});
    builder.append(OperatorKind::gelu, VectorShape{rows, p.outer}, {x}, {active});
    x = active;
  }
  if (extra > 0) builder.hold("feature_extra", extra);
  if (positions == 0) return {x, std::nullopt};
  const Tensor placed = builder.row("x_placed");
  builder.hold("feature_positions", checked_product({positions, builder.facts().hidden}));
  builder.append(OperatorKind::add, VectorShape{tokens, builder.facts().hidden}, {x, x}, {placed});
  return {placed, std::nullopt};
}

ResidualStream DraftFront::write(GraphBuilder& builder) const {
  refuse_rows_apart(builder, "a draft");
  const std::uint64_t hidden = builder.facts().hidden;
  const std::uint64_t tokens = builder.tokens();
  const Tensor embedded = builder.row("x_embedded");
  builder.append(OperatorKind::embedding, VectorShape{tokens, hidden},
                 {builder.weight("target_embedding", {vocab, hidden}, TensorGroup::embedding, HeldWeight{})},
                 {embedded});
  const std::uint64_t length = states * hidden;
  const Tensor made = builder.activation("target_states", {tokens, length});
  return {product(builder, made, "x", TensorGroup::feed_forward, tokens, length, hidden), embedded};
}

}  // namespace orrery
