#pragma once
// Cycles of a systolic array on operands held on chip. A fold is the part of C[m,n] = A[m,k] x B[k,n] that
// the array holds at once; its cost is load + stream + skew + drain (Kung's scheme, the closed form that
// SCALE-Sim v2 prints less one cycle). Left out: operand supply (scratchpad, DRAM) and control between folds.

#include <cstdint>
#include <vector>

#include "sim/config/arch_spec.h"
#include "sim/util/amount.h"

namespace orrery {

struct FoldCycles {
  Cycles load;    // stationary operand shifted in (0 for output_stationary)
  Cycles stream;  // one cycle per streamed row (or k step)
  Cycles skew;    // until the last PE starts
  Cycles drain;   // until the last result is out
  Cycles total() const { return load + stream + skew + drain; }
};

// Fold of an array of rows x cols that streams `length` vectors:
//   output_stationary  stream k,  skew R-1, drain C-1             -> k + R + C - 2
//   weight_stationary  load R, stream m, skew R-1, drain C-1       -> m + 2R + C - 2
//   input_stationary   load R, stream n, skew R-1, drain C-1       -> n + 2R + C - 2
// A stationary operand of which a cycle brings in `load_rows` loads in as many cycles less.
FoldCycles fold_cycles(Dataflow dataflow, std::uint32_t rows, std::uint32_t cols, std::uint64_t length,
                       std::uint32_t load_rows = 1);

// Number of folds of an m x n x k product on one array.
std::uint64_t fold_count(Dataflow dataflow, std::uint32_t rows, std::uint32_t cols, std::uint64_t m,
                         std::uint64_t n, std::uint64_t k);

// What matrix_timing.h promises of every engine, of systolic arrays. Folds are dealt out over a core's
// arrays; with double_buffered arrays a fold's load, skew and drain hide behind its neighbours' streams;
// where results drain by column the next fold follows as many cycles behind a stream as there are columns.
Cycles matrix_cycles(const SystolicArraySpec& spec, Dataflow dataflow, DType dtype, std::uint64_t m,
                     std::uint64_t n, std::uint64_t k);
Cycles matrix_latency_cycles(const SystolicArraySpec& spec);
std::uint64_t issued_macs(const SystolicArraySpec& spec, Dataflow dataflow, std::uint64_t m, std::uint64_t n,
                          std::uint64_t k);
std::vector<Dataflow> dataflows(const SystolicArraySpec& spec);
Bytes operand_read_bytes(const SystolicArraySpec& spec, Dataflow dataflow, std::uint32_t a_bits,
                         std::uint32_t b_bits, std::uint64_t m, std::uint64_t n, std::uint64_t k);

}  // namespace orrery
