#include "sim/workload/operator_counts.h"

#include <algorithm>

#include "sim/util/checked.h"

namespace orrery {
namespace {

struct Macs {
  bool backward = false;
  const Sparsity& weights;  // of a product
  std::uint64_t operator()(const MatmulShape& s) const {
    return weights.kept_of(checked_product({s.batch, s.m, s.n, s.k}));
  }
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

// The sum of min(most, i) for i below `count`.
std::uint64_t clipped_sum(std::uint64_t most, std::uint64_t count) {
  const std::uint64_t growing = std::min(most, count);
  return (growing > 0 ? growing * (growing - 1) / 2 : 0) + (count - growing) * most;
}

// Of n queries that see a window about themselves and the first `global` positions; those first see all.
std::uint64_t banded_pairs(std::uint64_t n, std::uint64_t window, std::uint64_t global) {
  const std::uint64_t before = window / 2;
  const std::uint64_t after = (window - 1) / 2;
  const std::uint64_t all = std::min(global, n);
  const std::uint64_t rest = n - all;
  const std::uint64_t band =
      rest + clipped_sum(before, n) - clipped_sum(before, all) + clipped_sum(after, rest);
  // Of the first positions, those that a query's window does not reach.
  const auto missed = [&](std::uint64_t queries) {
    return queries > before ? clipped_sum(all, queries - before) : 0;
  };
  return all * n + band + missed(n) - missed(all);
}

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
  const std::uint64_t global = shape.global.value_or(0);
  if (shape.causal) {
    pairs = causal_pairs(q, kv, shape.window ? checked_sum(*shape.window, global) : kv);
  } else if (shape.window) {
    pairs = banded_pairs(kv, *shape.window, global);
  }
  if (shape.density_ppm) {
    Sparsity computed;
    computed.kept = static_cast<std::uint32_t>(*shape.density_ppm);
    computed.of = kWholeDensity;
    pairs = computed.kept_of(pairs);
  }
  const std::uint64_t keys = shape.head_dim;
  const std::uint64_t values = shape.value_length();
  return checked_product({batch, shape.heads, backward ? 3 * keys + 2 * values : keys + values, pairs});
}

std::uint64_t operator_macs(const Operator& op) {
  return std::visit(Macs{op.kind == OperatorKind::attention_backward, weight_sparsity(op)}, op.shape);
}

OperatorBytes operator_bytes(const Operator& op) {
  OperatorBytes bytes;
  for (const Tensor& t : op.inputs) bytes.read = checked_sum(bytes.read, t.bytes());
  for (const Tensor& t : op.outputs) bytes.written = checked_sum(bytes.written, t.bytes());
  if (gathers(op.kind)) bytes.read = bytes.written;  // a row each, of the table's many
  return bytes;
}

}  // namespace orrery
