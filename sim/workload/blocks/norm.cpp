#include "sim/workload/blocks/norm.h"

namespace orrery {
namespace {

VectorShape rows(const GraphBuilder& builder) {
  return {builder.tokens(), builder.facts().hidden};
}

}  // namespace

Tensor norm(GraphBuilder& builder, const Tensor& x, const std::string& name, const std::string& weight) {
  const bool rms = builder.facts().norm == NormKind::rmsnorm;
  const std::uint64_t weights = rms ? 1 : 2;  // gain, bias
  const Tensor out = builder.row(name);
  builder.append(rms ? OperatorKind::rmsnorm : OperatorKind::layernorm, rows(builder),
                 {x, builder.weight(weight, {weights, builder.facts().hidden})}, {out});
  return out;
}

Tensor add(GraphBuilder& builder, const Tensor& a, const Tensor& b, const std::string& name) {
  const Tensor out = builder.row(name);
  builder.append(OperatorKind::add, rows(builder), {a, b}, {out});
  return out;
}

std::pair<Tensor, Tensor> add_norm(GraphBuilder& builder, const Tensor& x, const Tensor& branch,
                                   const std::string& sum_name, const std::string& norm_name) {
  const GraphFacts& facts = builder.facts();
  const std::string weight = norm_name + "_weight";
  if (facts.norm == NormKind::rmsnorm && facts.execution.fuses(FusedOperator::add_rmsnorm)) {
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
