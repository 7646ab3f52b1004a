#include "sim/workload/standalone_operator.h"

#include <algorithm>

namespace orrery {
namespace {

// Gives an operator the tensors of its family.
struct Furnish {
  Operator& op;

  void operator()(const MatmulFamily& /*family*/) const {
    const auto& s = std::get<MatmulShape>(op.shape);
    op.inputs = {{"a", TensorKind::activation, {s.batch, s.m, s.k}, activation_dtype(op.dtype)},
                 {"b", TensorKind::weight, {s.batch, s.k, s.n}, weight_dtype(op.dtype)}};
    op.outputs = {{"c", TensorKind::activation, {s.batch, s.m, s.n}, activation_dtype(op.dtype)}};
  }
  void operator()(const AttentionFamily& /*family*/) const {
    const auto& s = std::get<AttentionShape>(op.shape);
    op.inputs = {{"q", TensorKind::activation, {s.batch, s.q, s.heads, s.head_dim}, op.dtype},
                 {"k", TensorKind::kv, {s.batch, s.kv, s.kv_heads, s.head_dim}, op.dtype},
                 {"v", TensorKind::kv, {s.batch, s.kv, s.kv_heads, s.head_dim}, op.dtype}};
    op.outputs = {{"o", TensorKind::activation, {s.batch, s.q, s.heads, s.head_dim}, op.dtype}};
  }
  void operator()(const VectorFamily& family) const {
    add(family.inputs, op.inputs);
    add(family.outputs, op.outputs);
    const auto& s = std::get<VectorShape>(op.shape);
    op.outputs.push_back({"y", TensorKind::activation, {s.rows, s.cols}, op.dtype});
  }
  void operator()(const RoutingFamily& family) const {
    const auto& s = std::get<RoutingShape>(op.shape);
    const Tensor tokens = {family.spreads ? "x" : "y", TensorKind::activation, {s.tokens, s.cols}, op.dtype};
    const Tensor copies = {"expert_rows", TensorKind::activation, {s.tokens, s.experts, s.cols}, op.dtype};
    op.inputs = {family.spreads ? tokens : copies};
    op.outputs = {family.spreads ? copies : tokens};
  }
  void operator()(const CollectiveFamily& /*family*/) const {
    const auto& s = std::get<CollectiveShape>(op.shape);
    const std::uint64_t elements = std::max<std::uint64_t>(1, s.bytes * 8 / storage_bits(op.dtype));
    op.inputs = {{"x", TensorKind::activation, {elements}, op.dtype}};
    op.outputs = {{"y", TensorKind::activation, {elements}, op.dtype}};
  }

 private:
  void add(const OperandRows& rows, std::vector<Tensor>& tensors) const {
    const auto& s = std::get<VectorShape>(op.shape);
    for (std::size_t i = 0; i < count(rows); ++i) {
      const OperandRow& row = rows[i];
      tensors.push_back(
          {row.name, row.kind, {row.rows > 0 ? row.rows : s.rows, row.cols_times * s.cols}, op.dtype});
    }
  }
};

}  // namespace

Operator standalone(OperatorKind kind, const OperatorShape& shape, DType dtype) {
  Operator op;
  op.kind = kind;
  op.shape = shape;
  op.dtype = dtype;
  std::visit(Furnish{op}, operator_row(kind).family);
  return op;
}

Operator standalone_matmul(const MatmulShape& shape, DType dtype) {
  return standalone(OperatorKind::matmul, shape, dtype);
}
Operator standalone_attention(const AttentionShape& shape, DType dtype) {
  return standalone(OperatorKind::attention, shape, dtype);
}

}  // namespace orrery
