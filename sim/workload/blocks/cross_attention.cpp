#include "sim/workload/blocks/cross_attention.h"

#include "sim/workload/blocks/linear.h"

namespace orrery {

Tensor CrossAttentionBlock::write(GraphBuilder& builder, const Tensor& x) const {
  const GraphFacts& facts = builder.facts();
  const std::uint64_t each = heads / facts.split.tensor;
  const std::uint64_t cols = each * head_dim;
  const std::uint64_t tokens = builder.tokens();
  const TensorGroup group = TensorGroup::attention;
  const Tensor query = product(builder, x, "cross_q", group, tokens, facts.hidden, cols, query_bias);
  if (const auto& source = builder.source()) {
    const std::uint64_t positions = source->elements() / facts.hidden;
    Tensor made = product(builder, *source, "cross_kv", group, positions, facts.hidden, 2 * cols);
    if (!facts.execution.fuses(FusedOperator::kv_append))
      builder.append(OperatorKind::kv_append, VectorShape{positions, 2 * cols}, {made},
                     {builder.cache("cross_new", {positions, 2 * cols})});
  }
  if (value_bias) builder.hold("cross_kv_bias", cols);
  const Tensor out = builder.activation("cross_attention", {tokens, cols});
  const std::vector<SequenceGroup>& groups = builder.step().groups;
  for (std::size_t i = 0; i < groups.size(); ++i) {
    const SequenceGroup& g = groups[i];
    const AttentionShape shape{g.sequences, each, each, head_dim, g.new_tokens, g.source};
    const std::vector<std::uint64_t> rows = {g.sequences * g.new_tokens, cols};
    const std::vector<std::uint64_t> cached = {g.sequences, g.source, cols};
    builder.append(OperatorKind::attention, shape,
                   {view(query, rows), builder.cache("cross_k" + group_suffix(i), cached),
                    builder.cache("cross_v" + group_suffix(i), cached)},
                   {view(out, rows)}, i > 0);
  }
  return project(builder, out, "cross_output", group, heads * head_dim, output_bias);
}

}  // namespace orrery
