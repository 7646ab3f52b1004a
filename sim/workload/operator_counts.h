#pragma once
// What an operator must do whatever the machine: exact MACs, FLOPs, and the unique bytes of its tensors.

#include <cstdint>

#include "sim/workload/operator.h"

namespace orrery {

// Useful multiply-accumulates (1 MAC = 2 FLOPs); 0 for element-wise operators. Causal attention counts only
// the pairs that are not masked.
std::uint64_t operator_macs(const Operator& op);
// Of one group of sequences of an attention; `backward`: of its gradients (scores once more, and those of
// weights, values, queries and keys).
std::uint64_t attention_macs(const AttentionShape& shape, const AttendedSequences& group,
                             bool backward = false);

// Bytes of each tensor once: all that must be read, all that must be written.
struct OperatorBytes {
  std::uint64_t read = 0;
  std::uint64_t written = 0;
};
OperatorBytes operator_bytes(const Operator& op);

}  // namespace orrery
