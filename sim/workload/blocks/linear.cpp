#include "sim/workload/blocks/linear.h"

namespace orrery {

Tensor product(GraphBuilder& builder, const Tensor& x, const std::string& name, TensorGroup group,
               std::uint64_t m, std::uint64_t k, std::uint64_t n, bool bias) {
  const Tensor in = builder.quantised(x, group);
  const Tensor out = builder.activation(name, {m, n});
  builder.append(OperatorKind::matmul, MatmulShape{1, m, n, k},
                 {in, builder.weight(name + "_weight", {k, n}, group)}, {out});
  if (bias) builder.hold(name + "_bias", n);
  return out;
}

Tensor exchange(GraphBuilder& builder, OperatorKind kind, const Tensor& x, const std::string& name,
                std::uint64_t rows, std::uint64_t cols) {
  const std::uint64_t devices = builder.facts().split.tensor;
  if (devices == 1) return x;
  const Tensor out = builder.activation(name, {rows, cols});
  const std::uint64_t bytes = builder.facts().formats.plain.bytes(rows * cols);
  builder.append(kind, CollectiveShape{bytes, static_cast<std::uint32_t>(devices)}, {x}, {out});
  return out;
}

Tensor project(GraphBuilder& builder, const Tensor& x, const std::string& name, TensorGroup group,
               std::uint64_t k, bool bias) {
  const GraphFacts& facts = builder.facts();
  const std::uint64_t tokens = builder.tokens();
  if (facts.execution.tensor_parallel != TensorParallelScheme::gather_each_matmul) {
    const Tensor partial =
        product(builder, x, name, group, tokens, k / facts.split.tensor, facts.hidden, bias);
    return exchange(builder, OperatorKind::all_reduce, partial, name + "_reduced", tokens, facts.hidden);
  }
  const Tensor whole = exchange(builder, OperatorKind::all_gather, x, name + "_input", tokens, k);
  const Tensor part =
      product(builder, whole, name, group, tokens, k, facts.hidden / facts.split.tensor, bias);
  return exchange(builder, OperatorKind::all_gather, part, name + "_gathered", tokens, facts.hidden);
}

}  // namespace orrery
