#include "sim/workload/operator_counts.h"

#include "sim/util/checked.h"

namespace orrery {
namespace {

struct Macs {
  bool backward = false;
  std::uint64_t operator()(const MatmulShape& s) const { return checked_product({s.batch, s.m, s.n, s.k}); }
  std::uint64_t operator()(const AttentionShape& s) const {
    std::uint64_t sum = 0;
    for (const AttendedSequences& group : s.groups())
      sum = checked_sum(sum, attention_macs(s, group, backward));
    return sum;
  }
  std::uint64_t operator()(const VectorShape& /*s*/) const { return 0; }
  std::uint64_t operator()(const RoutingShape& /*s*/) const { return 0; }
  std::uint64_t operator()(const ScanShape& /*s*/) const { return 0; }
  std::uint64_t operator()(const CollectiveShape& /*s*/) const { return 0; }
};

}  // namespace

// Of q queries, the i-th of which sees the last `window` of kv - q + i positions.
std::uint64_t causal_pairs(std::uint64_t q, std::uint64_t kv, std::uint64_t window) {
  const std::uint64_t before = kv - q;
  if (window >= kv) return q * before + q * (q + 1) / 2;
  const std::uint64_t growing = window > before ? window - before : 0;  // queries that see less than a window
  return growing * before + growing * (growing + 1) / 2 + (q - growing) * window;
}

std::uint64_t attention_macs(const AttentionShape& shape, const AttendedSequences& group, bool backward) {
  const auto [batch, q, kv] = group;
  std::uint64_t pairs = checked_product({q, kv});
  if (shape.causal) pairs = causal_pairs(q, kv, shape.window.value_or(kv));
  const std::uint64_t keys = shape.head_dim;
  const std::uint64_t values = shape.value_length();
  return checked_product({batch, shape.heads, backward ? 3 * keys + 2 * values : keys + values, pairs});
}

std::uint64_t operator_macs(const Operator& op) {
  return std::visit(Macs{op.kind == OperatorKind::attention_backward}, op.shape);
}

OperatorBytes operator_bytes(const Operator& op) {
  OperatorBytes bytes;
  for (const Tensor& t : op.inputs) bytes.read = checked_sum(bytes.read, t.bytes());
  for (const Tensor& t : op.outputs) bytes.written = checked_sum(bytes.written, t.bytes());
  if (gathers(op.kind)) bytes.read = bytes.written;  // a row each, of the table's many
  return bytes;
}

}  // namespace orrery
