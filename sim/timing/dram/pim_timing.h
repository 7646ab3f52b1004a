#pragma once
// What a product takes on units beside a DRAM's banks: how it is laid out, and how long a channel is busy
// with it (fidelity `tile`; PimCommands plays the same command by command).

#include <cstdint>

#include "sim/config/arch_spec.h"

namespace orrery {

// `matrices` products of m x k by k x n, whose k x n operands lie in the banks.
struct PimProduct {
  std::uint64_t matrices = 1, m = 1, n = 0, k = 0;
  DType dtype = DType::fp16;
};

// Of a channel (the busiest), in commands to all its banks at once.
struct PimPlan {
  PimProduct product;
  bool apart = false;          // matrices on channels of their own, else each over all channels
  std::uint32_t channels = 1;  // that work
  std::uint64_t rows = 0;      // opened
  std::uint64_t columns = 0;   // bursts that are multiplied
  std::uint64_t input_bursts = 0, result_bursts = 0;  // over the channel's data bus
  std::uint64_t copies = 0;  // of rows, beside those opened, in which bit lines multiply
  double copy_ns = 0;        // from one of them to the next
  double interval_ns = 0;    // from one column command to the next: the bus of a bank group, or the units
};

// What units multiply: an operand's column, k long, lies in one bank, and as many of them as fit in a row;
// inputs are written to the channel's buffer in pieces that it holds, and stay for all rows; partial sums of
// pieces are read and added outside where a unit has no place for them. `dtype` is one that the units
// multiply. What bit lines multiply: each holds an element of the operand, bit above bit, as many as fit side
// by side in a row at once; inputs are copied beside them, products of twice their bits read and added up by
// the units. A bank has columns, for as many vectors at once as its bit lines have room for, or vectors of
// its own, by which the operand passes (TransPIM's sharding by tokens and its ring).
PimPlan plan_pim(const DramSpec& dram, const PimProduct& product, bool apart);

// Seconds that the channel is busy, refresh included.
double pim_seconds(const DramSpec& dram, const PimPlan& plan);

// The least that any layout takes: units and rows of all banks at their peak.
double pim_bound_s(const DramSpec& dram, const PimProduct& product);

}  // namespace orrery
