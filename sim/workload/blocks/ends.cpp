#include "sim/workload/blocks/ends.h"

#include "sim/util/checked.h"
#include "sim/workload/blocks/linear.h"
#include "sim/workload/blocks/norm.h"

namespace orrery {

Tensor EmbeddingBlock::write(GraphBuilder& builder) const {
  const std::uint64_t hidden = builder.facts().hidden;
  std::vector<Tensor> inputs = {builder.weight("embedding", {vocab, hidden})};
  if (positions > 0) inputs.push_back(builder.weight("positions", {positions, hidden}));
  if (token_types > 0) builder.hold("token_types", checked_product({token_types, hidden}));
  const Tensor x = builder.row("x");
  builder.append(OperatorKind::embedding, VectorShape{builder.tokens(), hidden}, inputs, {x});
  return normed ? norm(builder, x, "x_norm", "embedding_norm") : x;
}

void LanguageHead::write(GraphBuilder& builder, const ResidualStream& in) const {
  const GraphFacts& facts = builder.facts();
  const Tensor normed = in.branch ? add_norm(builder, in.x, *in.branch, "x_final", "final_norm").second
                                  : norm(builder, in.x, "final_norm", "final_norm_weight");
  const std::uint64_t rows = builder.sequences();
  const std::uint64_t cols = ceil_div(vocab, facts.tensor_parallel);
  const Tensor weight = builder.weight(tied ? "embedding" : "lm_head", {facts.hidden, cols});
  if (bias) builder.hold("lm_head_bias", vocab);
  const Tensor logits = builder.activation("logits", {rows, cols});
  builder.append(OperatorKind::matmul, MatmulShape{1, rows, cols, facts.hidden},
                 {view(normed, {rows, facts.hidden}), weight}, {logits});
  exchange(builder, OperatorKind::all_gather, logits, "all_logits", rows, cols * facts.tensor_parallel);
}

void Pooler::write(GraphBuilder& builder, const ResidualStream& in) const {
  if (!dense) return;
  const std::uint64_t hidden = builder.facts().hidden;
  const std::uint64_t rows = builder.sequences();
  const Tensor out = builder.activation("pooled", {rows, hidden});
  builder.append(OperatorKind::matmul, MatmulShape{1, rows, hidden, hidden},
                 {view(settled(builder, in.x, in.branch), {rows, hidden}),
                  builder.weight("pooler_weight", {hidden, hidden})},
                 {out});
  builder.hold("pooler_bias", hidden);
}

}  // namespace orrery
