#pragma once
// What a kernel must have multiplied and moved: the operator's MACs, each byte of its inputs once, all that
// it writes; less what a machine leaves where it lies.

#include <gtest/gtest.h>

#include <algorithm>

#include "sim/mapping/attention_kernel.h"
#include "sim/mapping/crossbar_mapping.h"
#include "sim/mapping/matmul_kernel.h"
#include "sim/stats/activity_counts.h"
#include "sim/timing/predictor_timing.h"
#include "sim/workload/operator_counts.h"

namespace orrery::test {

// A predictor leaves some.
inline std::uint64_t computed_macs(const Operator& op, const ArchSpec& arch) {
  const ScorePredictorSpec* predictor = predictor_of(arch, op);
  return predictor != nullptr ? kept_macs(*predictor, operator_macs(op)) : operator_macs(op);
}

// Of as many kernels as there are groups of sequences, each of which rounds up.
inline void expect_computed(std::uint64_t macs, const Operator& op, const ArchSpec& arch) {
  const auto* attention = std::get_if<AttentionShape>(&op.shape);
  const bool rounds = attention != nullptr && predictor_of(arch, op) != nullptr;
  EXPECT_GE(macs, computed_macs(op, arch));
  EXPECT_LE(macs, computed_macs(op, arch) + (rounds ? attention->groups().size() : 0));
}

// Cold: of keys and values those that a predictor keeps, of weights in the cells of crossbars none.
inline std::uint64_t least_read(const Operator& op, const ArchSpec& arch) {
  std::uint64_t read = operator_bytes(op).read;
  if (weights_in_place(arch, op)) return read - op.inputs.at(kMatmulB).bytes();
  const ScorePredictorSpec* predictor = predictor_of(arch, op);
  if (predictor == nullptr || !predictor->fetches_kept) return read;
  for (const Tensor& tensor : op.inputs) {
    if (tensor.kind != TensorKind::kv) continue;
    read -= tensor.bytes();
    read += static_cast<std::uint64_t>(predictor->kept_share * static_cast<double>(tensor.bytes()));
  }
  return read;
}

// On units beside the DRAM's banks the operand that lies there is read by them, and the rest crosses the
// pins.
inline void expect_all_moved(const Operator& op, const ArchSpec& arch, const ActivityCounts& counts) {
  if (counts.pim_macs > 0) {
    EXPECT_GE(counts.pim_array_bytes, op.inputs.at(kMatmulB).bytes());
    EXPECT_GE(counts.pim_bus_bytes, op.inputs.at(kMatmulA).bytes() + operator_bytes(op).written);
    return;
  }
  EXPECT_GE(counts.dram_read_bytes, least_read(op, arch));
  EXPECT_GE(counts.requested_write_bytes, operator_bytes(op).written);
}

}  // namespace orrery::test
