#include "sim/workload/blocks/sparse_index.h"

#include "sim/workload/blocks/linear.h"

namespace orrery {

void SparseIndex::write(GraphBuilder& builder, const Tensor& x, const Tensor& query) const {
  const std::uint64_t tokens = builder.tokens();
  const std::uint64_t hidden = builder.facts().hidden;
  const TensorGroup group = TensorGroup::attention;
  const Tensor q =
      product(builder, query, "index_q", group, tokens, query.elements() / tokens, heads * head_dim);
  const Tensor k = product(builder, x, "index_k", group, tokens, hidden, head_dim);
  if (weighted) {
    const Tensor normed = builder.activation("index_k_normed", {tokens, head_dim});
    builder.append(OperatorKind::layernorm, VectorShape{tokens, head_dim},
                   {k, builder.weight("index_k_norm_weight", {2, head_dim})}, {normed});
    product(builder, x, "index_weights", group, tokens, hidden, heads);
  }
  const std::vector<SequenceGroup>& groups = builder.step().groups;
  for (std::size_t i = 0; i < groups.size(); ++i) {
    const SequenceGroup& g = groups[i];
    if (!chooses(g)) continue;  // all are read
    const std::string suffix = group_suffix(i);
    AttentionShape shape{g.sequences, heads, 1, head_dim, g.new_tokens, g.context};
    shape.causal = g.new_tokens > 1;
    shape.value_dim = 1;
    const std::uint64_t rows = g.sequences * g.new_tokens;
    const Tensor scores = builder.activation("index_scores" + suffix, {rows, heads});
    builder.append(OperatorKind::index_scores, shape,
                   {view(q, {rows, heads * head_dim}),
                    builder.cache("index_cache" + suffix, {shape.cached_positions(), head_dim})},
                   {scores});
    builder.append(OperatorKind::topk, VectorShape{rows, g.context}, {view(scores, {rows, g.context})},
                   {builder.activation("index_chosen" + suffix, {rows, g.context})});
  }
}

}  // namespace orrery
