#include "sim/workload/standalone_operator.h"

#include <algorithm>

namespace orrery {
namespace {

// Gives an operator the tensors of its family, named by their place.
struct Furnish {
  Operator& op;

  void operator()(const MatmulFamily& /*family*/) const {
    const auto& s = std::get<MatmulShape>(op.shape);
    in(TensorKind::activation, {s.batch, s.m, s.k}, activation_dtype(op.dtype));
    in(TensorKind::weight, {s.batch, s.k, s.n}, weight_dtype(op.dtype));
    out({s.batch, s.m, s.n}, activation_dtype(op.dtype));
  }
  void operator()(const AttentionFamily& family) const {
    const auto& s = std::get<AttentionShape>(op.shape);
    in(TensorKind::activation, {s.query_positions(), s.heads, s.head_dim}, op.dtype);
    in(TensorKind::kv, {s.cached_positions(), s.kv_heads, s.head_dim}, op.dtype);
    if (!family.values_in_keys)
      in(TensorKind::kv, {s.cached_positions(), s.kv_heads, s.value_length()}, op.dtype);
    if (family.backward) {
      in(TensorKind::activation, {s.query_positions(), s.heads, s.value_length()}, op.dtype);
      out({s.query_positions(), s.heads, s.head_dim}, op.dtype);
      out({s.cached_positions(), s.kv_heads, s.head_dim + s.value_length()}, op.dtype);
      return;
    }
    out({s.query_positions(), s.heads, s.value_length()}, op.dtype);
  }
  void operator()(const VectorFamily& family) const {
    const auto& s = std::get<VectorShape>(op.shape);
    const auto shape = [&s](const OperandRow& row) {
      return std::vector<std::uint64_t>{row.rows > 0 ? row.rows : s.rows, row.cols_times * s.cols};
    };
    for (std::size_t i = 0; i < count(family.inputs); ++i)
      in(family.inputs[i].kind, shape(family.inputs[i]), family.narrows ? DType::fp16 : op.dtype);
    for (std::size_t i = 0; i < count(family.outputs); ++i) out(shape(family.outputs[i]), op.dtype);
    out({s.rows, s.cols}, op.dtype);
  }
  void operator()(const RoutingFamily& family) const {
    const auto& s = std::get<RoutingShape>(op.shape);
    const std::vector<std::uint64_t> tokens = {s.tokens, s.cols};
    const std::vector<std::uint64_t> copies = {s.tokens, s.experts, s.cols};
    in(TensorKind::activation, family.spreads ? tokens : copies, op.dtype);
    out(family.spreads ? copies : tokens, op.dtype);
  }
  void operator()(const ScanFamily& family) const {
    const auto& s = std::get<ScanShape>(op.shape);
    const std::vector<std::uint64_t> rows = {s.sequences * s.tokens, s.channels};
    const std::vector<std::uint64_t> states = {s.sequences, s.channels, s.states};
    in(TensorKind::activation, rows, op.dtype);
    in(TensorKind::kv, states, op.dtype);
    if (family.weights) in(TensorKind::weight, {s.states, s.channels}, op.dtype);
    out(rows, op.dtype);
    out(states, op.dtype);
  }
  void operator()(const CollectiveFamily& /*family*/) const {
    const auto& s = std::get<CollectiveShape>(op.shape);
    const std::uint64_t elements = std::max<std::uint64_t>(1, s.bytes * 8 / storage_bits(op.dtype));
    in(TensorKind::activation, {elements}, op.dtype);
    out({elements}, op.dtype);
  }

 private:
  TensorName next() const { return {-1, static_cast<std::uint32_t>(op.inputs.size() + op.outputs.size())}; }
  void in(TensorKind kind, std::vector<std::uint64_t> shape, DType dtype) const {
    op.inputs.push_back({next(), kind, std::move(shape), stored_as(dtype)});
  }
  void out(std::vector<std::uint64_t> shape, DType dtype) const {
    op.outputs.push_back({next(), TensorKind::activation, std::move(shape), stored_as(dtype)});
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
