#pragma once
// Cycles of dot-product arrays (GPU tensor cores, FPGA adder trees): shapes pad to the instruction, the
// pipeline is full while work is there, and only the sustained share of issue slots is used. Left out:
// register-file conflicts beyond that share. Source: NVIDIA A100 whitepaper (instruction and array shapes).

#include <cstdint>

#include "sim/config/arch_spec.h"
#include "sim/util/amount.h"

namespace orrery {

Cycles dot_product_cycles(const DotProductArraySpec& spec, DType dtype, std::uint64_t m, std::uint64_t n,
                          std::uint64_t k);

}  // namespace orrery
