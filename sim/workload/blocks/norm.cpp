#include "sim/workload/blocks/norm.h"

namespace orrery {
namespace {

VectorShape rows(const GraphBuilder& builder) {
  return {builder.rows(), builder.facts().hidden};
}

OperatorKind norm_operator(NormKind kind) {
  return kind == NormKind::rmsnorm ? OperatorKind::rmsnorm : OperatorKind::layernorm;
}
std::uint64_t norm_weights(NormKind kind) {
  return kind == NormKind::layernorm ? 2 : 1;  // gain, bias
}

}  // namespace

Tensor norm(GraphBuilder& builder, const Tensor& x, const std::string& name, const std::string& weight) {
  const NormKind kind = builder.facts().norm;
  const Tensor out = builder.row(name);
  builder.append(norm_operator(kind), rows(builder),
                 {x, builder.weight(weight, {norm_weights(kind), builder.facts().hidden})}, {out});
  return out;
}

void head_norm(GraphBuilder& builder, const Tensor& x, const Tensor& out, const std::string& weight,
               std::uint64_t rows, std::uint64_t cols, std::uint64_t held_cols, bool more) {
  const NormKind kind = builder.facts().norm;
  const std::uint64_t held = norm_weights(kind) * held_cols;
  builder.append(norm_operator(kind), VectorShape{rows, cols},
                 {view(x, {rows, cols}), builder.weight(weight, {norm_weights(kind), cols}, std::nullopt,
                                                        HeldWeight{held, held, {}})},
                 {view(out, {rows, cols})}, more);
}

Tensor add(GraphBuilder& builder, const Tensor& a, const Tensor& b, const std::string& name) {
  const Tensor out = builder.row(name);
  if (builder.drops_hidden() && !builder.facts().execution.fuses(FusedOperator::dropout)) {
    const Tensor dropped = builder.row(name + "_dropped");
    builder.append(OperatorKind::dropout, rows(builder), {b},
                   {builder.mask(name + "_mask", b.shape), dropped});
    builder.append(OperatorKind::add, rows(builder), {a, dropped}, {out});
    return out;
  }
  if (builder.drops_hidden()) {
    builder.append(OperatorKind::dropout_add, rows(builder), {a, b},
                   {builder.mask(name + "_mask", out.shape), out});
    return out;
  }
  builder.append(OperatorKind::add, rows(builder), {a, b}, {out});
  return out;
}

std::pair<Tensor, Tensor> add_norm(GraphBuilder& builder, const Tensor& x, const Tensor& branch,
                                   const std::string& sum_name, const std::string& norm_name) {
  const GraphFacts& facts = builder.facts();
  const std::string weight = norm_name + "_weight";
  if (!builder.drops_hidden() && facts.norm == NormKind::rmsnorm &&
      facts.execution.fuses(FusedOperator::add_rmsnorm)) {
    const Tensor sum = builder.row(sum_name);
    const Tensor out = builder.row(norm_name);
    builder.append(OperatorKind::add_rmsnorm, rows(builder),
                   {x, branch, builder.weight(weight, {1, facts.hidden})}, {sum, out});
    return {sum, out};
  }
  const Tensor sum = add(builder, x, branch, sum_name);
  return {sum, norm(builder, sum, norm_name, weight)};
}

Tensor settled(GraphBuilder& builder, const Tensor& x, const std::optional<Tensor>& branch) {
  return branch ? add(builder, x, *branch, "x_settled") : x;
}

}  // namespace orrery
