#include "sim/workload/operator_counts.h"

#include "sim/util/checked.h"

namespace orrery {

std::uint64_t operator_macs(const Operator& op) {
  if (const auto* s = std::get_if<MatmulShape>(&op.shape))
    return checked_product({s->batch, s->m, s->n, s->k});
  if (const auto* s = std::get_if<AttentionShape>(&op.shape)) {
    std::uint64_t pairs = checked_product({s->q, s->kv});
    if (s->causal) pairs = s->q * (s->kv - s->q) + s->q * (s->q + 1) / 2;
    return checked_product({2, s->batch, s->heads, s->head_dim, pairs});  // Q K^T and P V
  }
  return 0;
}

OperatorBytes operator_bytes(const Operator& op) {
  OperatorBytes bytes;
  for (const Tensor& t : op.inputs) bytes.read = checked_sum(bytes.read, t.bytes());
  for (const Tensor& t : op.outputs) bytes.written = checked_sum(bytes.written, t.bytes());
  if (op.kind == OperatorKind::embedding) {  // a row a token, of the table's many
    bytes.read = bytes.written;
  }
  return bytes;
}

}  // namespace orrery
