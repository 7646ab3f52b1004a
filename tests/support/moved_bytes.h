#pragma once
// What a kernel must have moved: each byte of its inputs once, all that it writes.

#include <gtest/gtest.h>

#include "sim/mapping/matmul_kernel.h"
#include "sim/stats/activity_counts.h"
#include "sim/workload/operator_counts.h"

namespace orrery::test {

// Cold. On units beside the DRAM's banks the operand that lies there is read by them, and the rest crosses
// the pins.
inline void expect_all_moved(const Operator& op, const ActivityCounts& counts) {
  if (counts.pim_macs > 0) {
    EXPECT_GE(counts.pim_array_bytes, op.inputs.at(kMatmulB).bytes());
    EXPECT_GE(counts.pim_bus_bytes, op.inputs.at(kMatmulA).bytes() + operator_bytes(op).written);
    return;
  }
  EXPECT_GE(counts.dram_read_bytes, operator_bytes(op).read);
  EXPECT_GE(counts.requested_write_bytes, operator_bytes(op).written);
}

}  // namespace orrery::test
