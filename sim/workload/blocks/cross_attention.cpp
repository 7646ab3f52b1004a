#include "sim/workload/blocks/cross_attention.h"

#include "sim/workload/blocks/attention_products.h"
#include "sim/workload/blocks/linear.h"

namespace orrery {

Tensor CrossAttentionBlock::write(GraphBuilder& builder, const Tensor& x) const {
  const GraphFacts& facts = builder.facts();
  const std::uint64_t each = heads / facts.split.tensor;
  const std::uint64_t cols = each * head_dim;
  const std::uint64_t tokens = builder.tokens();
  const TensorGroup group = TensorGroup::attention;
  const bool fused = facts.execution.fuses(FusedOperator::attention);
  Tensor query = product(builder, x, "cross_q", group, tokens, facts.hidden, cols, query_bias);
  if (const auto& source = builder.source()) {
    const std::uint64_t positions = source->elements() / facts.hidden;
    Tensor made = product(builder, *source, "cross_kv", group, positions, facts.hidden, 2 * cols);
    if (value_bias) made = biased(builder, made, "cross_kv");
    if (!fused) made = reordered(builder, made);
    if (!builder.trains() && !facts.execution.fuses(FusedOperator::kv_append))
      builder.append(OperatorKind::kv_append, VectorShape{positions, 2 * cols}, {made},
                     {builder.cache("cross_new", {positions, 2 * cols})});
  }
  if (value_bias) builder.hold_bias("cross_kv", (key_bias ? 2 : 1) * cols);
  if (!fused) query = reordered(builder, query);
  const Tensor out = builder.activation("cross_attention", {tokens, cols});
  const std::vector<SequenceGroup>& groups = builder.step().groups;
  for (std::size_t i = 0; i < groups.size(); ++i) {
    const SequenceGroup& g = groups[i];
    const std::vector<std::uint64_t> rows = {g.sequences * g.new_tokens, cols};
    const std::vector<std::uint64_t> cached = {g.sequences, g.source, cols};
    const Tensor keys = builder.cache("cross_k" + group_suffix(i), cached);
    const Tensor values = builder.cache("cross_v" + group_suffix(i), cached);
    if (!fused) {
      attend_by_products(builder, {g.sequences, g.new_tokens, g.source, each, each, head_dim}, query, keys,
                         values, out, "_across" + group_suffix(i), i > 0);
      continue;
    }
    const AttentionShape shape{g.sequences, each, each, head_dim, g.new_tokens, g.source};
    builder.append(OperatorKind::attention, shape, {view(query, rows), keys, values}, {view(out, rows)},
                   i > 0);
  }
  return project(builder, fused ? out : reordered(builder, out), "cross_output", group, heads * head_dim,
                 output_bias);
}

}  // namespace orrery
