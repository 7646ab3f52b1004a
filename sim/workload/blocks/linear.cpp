#include "sim/workload/blocks/linear.h"

#include "sim/util/errors.h"
#include "sim/util/units.h"

namespace orrery {

Tensor product(GraphBuilder& builder, const Tensor& x, const std::string& name, TensorGroup group,
               std::uint64_t m, std::uint64_t k, std::uint64_t n, bool bias) {
  const Tensor in = builder.quantised(x, group);
  const Tensor out = builder.activation(name, {m, n});
  builder.append(OperatorKind::matmul, MatmulShape{1, m, n, k},
                 {in, builder.weight(name + "_weight", {k, n}, group)}, {out});
  if (!bias) return out;
  builder.hold_bias(name, n);
  return biased(builder, out, name);
}

Tensor biased(GraphBuilder& builder, const Tensor& x, const std::string& name) {
  if (builder.facts().execution.fuses(FusedOperator::bias)) return x;
  const Tensor out = builder.activation(name + "_biased", x.shape);
  builder.append(OperatorKind::add, VectorShape{x.shape[0], x.shape[1]},
                 {x, builder.weight(name + "_bias", {1, x.shape[1]})}, {out});
  return out;
}

Tensor reordered(GraphBuilder& builder, const Tensor& x) {
  if (builder.facts().execution.fuses(FusedOperator::transpose)) return x;
  const Tensor out = builder.activation(builder.name_of(x) + "_reordered", x.shape);
  builder.append(OperatorKind::transpose, VectorShape{x.shape[0], x.shape[1]}, {x}, {out});
  return out;
}

CollectiveShape collective_shape(const ExecutionSpec& execution, OperatorKind kind, std::uint64_t bytes,
                                 const DeviceGroup& group) {
  CollectiveShape shape = CollectiveShape::over(bytes, group);
  if (kind == OperatorKind::all_reduce && execution.engine_collectives) shape.engine = 1;
  if (execution.older_collectives) shape.older = 1;
  return shape;
}

Tensor exchange(GraphBuilder& builder, OperatorKind kind, const Tensor& x, const std::string& name,
                std::uint64_t rows, std::uint64_t cols, const DeviceGroup& group) {
  if (group.devices == 1) return x;
  const bool scatters = kind == OperatorKind::reduce_scatter;
  const Tensor out =
      builder.activation(name, {scatters ? ceil_div<std::uint64_t>(rows, group.devices) : rows, cols});
  builder.append(kind,
                 collective_shape(builder.facts().execution, kind,
                                  builder.facts().formats.plain.bytes(rows * cols), group),
                 {x}, {out});
  return out;
}

Tensor summed(GraphBuilder& builder, const Tensor& x, const std::string& name) {
  return exchange(builder, builder.rows_apart() ? OperatorKind::reduce_scatter : OperatorKind::all_reduce, x,
                  name, builder.tokens(), builder.facts().hidden, builder.facts().split.tensor_group());
}

Tensor whole(GraphBuilder& builder, const Tensor& x) {
  if (!builder.rows_apart()) return x;
  const std::string name = builder.name_of(x) + "_whole";
  return exchange(builder, OperatorKind::all_gather, x, name, builder.tokens(), builder.facts().hidden,
                  builder.facts().split.tensor_group());
}

void refuse_rows_apart(const GraphBuilder& builder, const char* part) {
  if (builder.rows_apart())
    throw ConfigError(
        "", std::string("execution.tensor_parallel: sequence_parallel of ") + part + " is not modelled");
}

Tensor project(GraphBuilder& builder, const Tensor& x, const std::string& name, TensorGroup group,
               std::uint64_t k, bool bias) {
  const GraphFacts& facts = builder.facts();
  const std::uint64_t tokens = builder.tokens();
  if (facts.execution.tensor_parallel != TensorParallelScheme::gather_each_matmul) {
    const Tensor partial =
        product(builder, x, name, group, tokens, k / facts.split.tensor, facts.hidden, bias);
    return summed(builder, partial, name + "_reduced");
  }
  const Tensor whole =
      exchange(builder, OperatorKind::all_gather, x, name + "_input", tokens, k, facts.split.tensor_group());
  const Tensor part =
      product(builder, whole, name, group, tokens, k, facts.hidden / facts.split.tensor, bias);
  return exchange(builder, OperatorKind::all_gather, part, name + "_gathered", tokens, facts.hidden,
                  facts.split.tensor_group());
}

}  // namespace orrery
