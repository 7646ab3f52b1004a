#include "sim/workload/blocks/attention_products.h"

#include "sim/util/units.h"

namespace orrery {

void attend_by_products(GraphBuilder& builder, const AttentionExtents& of, const Tensor& query,
                        const Tensor& keys, const Tensor& values, const Tensor& out,
                        const std::string& suffix, bool more) {
  const ExecutionSpec& execution = builder.facts().execution;
  const std::uint64_t shared = of.heads / of.kv_heads;
  const std::uint64_t pairs = of.sequences * of.kv_heads;
  const std::vector<std::uint64_t> rows = {of.sequences * of.queries, of.heads * of.head_dim};
  const std::vector<std::uint64_t> square = {of.sequences * of.heads * of.queries, of.positions};
  const VectorShape each{square[0], square[1]};
  Tensor scores = builder.activation("scores" + suffix, square);
  Tensor weights = builder.activation("attention_weights" + suffix, square);
  MatmulShape scored{pairs, of.queries * shared, of.positions, of.head_dim};
  const std::uint64_t part = execution.softmax_part_columns;
  if (part > 0) {
    scored.softmax_columns = part;
    builder.append(OperatorKind::matmul, scored, {view(query, rows), keys}, {scores});
    // What the parts of a row are scaled by, from their maxima and sums; the product behind reads the scores.
    const std::uint64_t parts = ceil_div(of.positions, part);
    const Tensor statistics = view(scores, {square[0], parts});
    const Tensor factors = builder.activation("softmax_factors" + suffix, {square[0], parts});
    builder.append(OperatorKind::softmax, VectorShape{square[0], parts}, {statistics}, {factors});
    weights = scores;
  } else {
    builder.append(OperatorKind::matmul, scored, {view(query, rows), keys}, {scores});
    if (!execution.fuses(FusedOperator::mask)) {
      const Tensor masked = builder.activation("masked_scores" + suffix, square);
      builder.append(OperatorKind::add, each,
                     {scores, builder.activation("score_mask" + suffix, {of.queries, of.positions})},
                     {masked});
      scores = masked;
    }
    builder.append(OperatorKind::softmax, each, {scores}, {weights});
  }
  if (builder.drops_attention()) {
    const Tensor dropped = builder.activation("attention_dropped" + suffix, square);
    builder.append(OperatorKind::dropout, each, {weights},
                   {builder.mask("attention_mask" + suffix, square), dropped});
    weights = dropped;
  }
  builder.append(OperatorKind::matmul, MatmulShape{pairs, of.queries * shared, of.head_dim, of.positions},
                 {weights, values}, {view(out, rows)}, more);
}

}  // namespace orrery
