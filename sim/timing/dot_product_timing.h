#pragma once
// Cycles of dot-product arrays (GPU tensor cores, FPGA adder trees): shapes pad to the instruction, the
// pipeline is full while work is there, and only the sustained share of issue slots is used. Left out:
// register-file conflicts beyond that share. Source: NVIDIA A100 whitepaper (instruction and array shapes).

#include <cstdint>
#include <vector>

#include "sim/config/arch_spec.h"
#include "sim/util/amount.h"

namespace orrery {

// What matrix_timing.h promises of every engine, of dot-product arrays. `dataflow` is not read.
Cycles matrix_cycles(const DotProductArraySpec& spec, Dataflow dataflow, DType dtype, std::uint64_t m,
                     std::uint64_t n, std::uint64_t k);
Cycles matrix_latency_cycles(const DotProductArraySpec& spec);
std::uint64_t issued_macs(const DotProductArraySpec& spec, Dataflow dataflow, std::uint64_t m,
                          std::uint64_t n, std::uint64_t k);
std::vector<Dataflow> dataflows(const DotProductArraySpec& spec);
Bytes operand_read_bytes(const DotProductArraySpec& spec, Dataflow dataflow, std::uint32_t a_bits,
                         std::uint32_t b_bits, std::uint64_t m, std::uint64_t n, std::uint64_t k);

}  // namespace orrery
