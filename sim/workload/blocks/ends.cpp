#include "sim/workload/blocks/ends.h"

#include "sim/util/checked.h"
#include "sim/workload/blocks/linear.h"
#include "sim/workload/blocks/norm.h"

namespace orrery {

namespace {

Tensor last_norm(GraphBuilder& builder, const ResidualStream& in) {
  return in.branch ? add_norm(builder, in.x, *in.branch, "x_final", "final_norm").second
                   : norm(builder, in.x, "final_norm", "final_norm_weight");
}

// The gradient of a loss over all positions. Of its part of the vocabulary each device finds the sums; a
// number a position each is exchanged.
void write_loss(GraphBuilder& builder, const Tensor& logits) {
  const std::vector<std::uint64_t> shape = logits.shape;
  const VectorShape each{shape[0], shape[1]};
  Tensor loss = builder.activation("loss_gradient", shape);
  loss.format = stored_as(DType::fp32);
  Tensor read = logits;
  if (!builder.facts().execution.fuses(FusedOperator::loss)) {
    read = builder.activation("logits_widened", shape);
    read.format = loss.format;
    builder.append(OperatorKind::transpose, each, {logits}, {read});
  }
  builder.append(OperatorKind::softmax, each, {read}, {loss});
  if (read.id == logits.id) return;
  const Tensor terms = view(loss, shape);
  builder.append(OperatorKind::add, each, {terms, terms}, {terms});
}

}  // namespace

void LanguageHead::write(GraphBuilder& builder, const ResidualStream& in) const {
  const GraphFacts& facts = builder.facts();
  Tensor x = whole(builder, normed ? last_norm(builder, in) : settled(builder, in.x, in.branch));
  const std::uint64_t rows = builder.scored();
  const std::uint64_t cols = ceil_div<std::uint64_t>(vocab, facts.split.tensor);
  const std::uint64_t depth = width > 0 ? width : facts.hidden;
  if (depth != facts.hidden)
    x = product(builder, view(x, {rows, facts.hidden}), "narrowed", TensorGroup::head, rows, facts.hidden,
                depth);
  const Tensor weight = builder.weight(tied ? "embedding" : "lm_head", {depth, cols},
                                       tied ? TensorGroup::embedding : TensorGroup::head);
  if (bias) builder.hold("lm_head_bias", vocab);
  const Tensor logits = builder.activation("logits", {rows, cols});
  builder.append(OperatorKind::matmul, MatmulShape{1, rows, cols, depth},
                 {builder.quantised(view(x, {rows, depth}), TensorGroup::head), weight}, {logits});
  if (builder.trains()) {
    write_loss(builder, logits);
    return;
  }
  exchange(builder, OperatorKind::all_gather, logits, "all_logits", rows, cols * facts.split.tensor,
           facts.split.tensor_group());
}

void MaskedHead::write(GraphBuilder& builder, const ResidualStream& in) const {
  refuse_rows_apart(builder, "a masked language model");
  const std::uint64_t hidden = builder.facts().hidden;
  const std::uint64_t cols = width > 0 ? width : hidden;
  const std::uint64_t rows = builder.tokens();
  const Tensor dense = product(builder, settled(builder, in.x, in.branch), "head_dense", TensorGroup::head,
                               rows, hidden, cols, true);
  const Tensor active = builder.activation("head_active", {rows, cols});
  builder.append(OperatorKind::gelu, VectorShape{rows, cols}, {dense}, {active});
  const Tensor x = builder.activation("head_norm", {rows, cols});
  head_norm(builder, active, x, "head_norm_weight", rows, cols, cols, false);
  const Tensor logits = builder.activation("logits", {rows, vocab});
  builder.append(OperatorKind::matmul, MatmulShape{1, rows, vocab, cols},
                 {x, builder.weight("embedding", {cols, vocab}, TensorGroup::embedding)}, {logits});
  builder.hold("head_bias", vocab);
  if (builder.trains()) write_loss(builder, logits);
}

void ScoreHead::write(GraphBuilder& builder, const ResidualStream& in) const {
  const Tensor x = whole(builder, last_norm(builder, in));
  if (labels == 0) return;
  const std::uint64_t hidden = builder.facts().hidden;
  const std::uint64_t rows = builder.sequences();
  builder.append(OperatorKind::matmul, MatmulShape{1, rows, labels, hidden},
                 {view(x, {rows, hidden}), builder.weight("score_weight", {hidden, labels})},
                 {builder.activation("scores_of_labels", {rows, labels})});
}

void Pooler::write(GraphBuilder& builder, const ResidualStream& in) const {
  const Tensor x = whole(builder, normed ? last_norm(builder, in) : settled(builder, in.x, in.branch));
  if (!dense) return;
  const std::uint64_t hidden = builder.facts().hidden;
  const std::uint64_t rows = builder.sequences();
  const Tensor out = builder.activation("pooled", {rows, hidden});
  builder.append(OperatorKind::matmul, MatmulShape{1, rows, hidden, hidden},
                 {view(x, {rows, hidden}), builder.weight("pooler_weight", {hidden, hidden})}, {out});
  builder.hold("pooler_bias", hidden);
}

}  // namespace orrery
