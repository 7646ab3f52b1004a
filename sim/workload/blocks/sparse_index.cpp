#include "sim/workload/blocks/sparse_index.h"

#include "sim/workload/blocks/linear.h"

namespace orrery {

std::uint64_t SparseIndex::kept_elements(std::uint64_t devices) const {
  if (!blocks) return head_dim;
  return ceil_div(ceil_div(blocks->kv_heads, devices) * head_dim, blocks->positions);
}

// Light heads' own; and what a token leaves for them.
Tensor SparseIndex::own_query(GraphBuilder& builder, const Tensor& x, const Tensor& query) const {
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
  return q;
}

void SparseIndex::write(GraphBuilder& builder, const Tensor& x, const Tensor& query) const {
  const std::uint64_t devices = blocks ? builder.facts().split.tensor : 1;
  const Tensor q = blocks ? query : own_query(builder, x, query);
  const std::uint64_t key_heads = blocks ? ceil_div(blocks->kv_heads, devices) : 1;
  const std::uint64_t query_heads = blocks ? ceil_div(heads, blocks->kv_heads) * key_heads : heads;
  const std::uint64_t each = blocks ? blocks->positions : 1;
  const std::vector<SequenceGroup>& groups = builder.step().groups;
  for (std::size_t i = 0; i < groups.size(); ++i) {
    const SequenceGroup& g = groups[i];
    if (!chooses(g)) continue;  // all are read
    const std::string suffix = group_suffix(i);
    const std::uint64_t keys = ceil_div(g.context, each);
    AttentionShape shape{g.sequences, query_heads, key_heads, head_dim, g.new_tokens, keys};
    shape.causal = !blocks && g.new_tokens > 1;
    shape.value_dim = 1;
    const std::uint64_t rows = g.sequences * g.new_tokens;
    const Tensor scores = builder.activation("index_scores" + suffix, {rows, query_heads});
    builder.append(OperatorKind::index_scores, shape,
                   {view(q, {rows, query_heads * head_dim}),
                    builder.cache("index_cache" + suffix, {shape.cached_positions(), key_heads * head_dim})},
                   {scores});
    builder.append(OperatorKind::topk, VectorShape{rows, keys}, {view(scores, {rows, keys})},
                   {builder.activation("index_chosen" + suffix, {rows, keys})});
  }
}

}  // namespace orrery
