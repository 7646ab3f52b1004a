#pragma once
// One door to whatever matrix engine a core has. An engine that is new brings these functions of its own spec
// (as systolic_timing.h and dot_product_timing.h do); the compiler says which one it lacks.

#include "sim/config/arch_spec.h"
#include "sim/timing/conversions.h"
#include "sim/util/amount.h"

namespace orrery {

// Cycles one core's matrix engines take for an m x n x k product held in its scratchpad. `dataflow` is read
// by systolic arrays only, `in_place` (b lies in the cells that multiply it) by crossbars. The format must be
// supported (supports_dtype).
Cycles matrix_cycles(const MatrixEngineSpec& engine, Dataflow dataflow, DType dtype, std::uint64_t m,
                     std::uint64_t n, std::uint64_t k, bool in_place = false);

// Cycles from the last operand in to the last result out, paid once at the end of a dependent chain.
Cycles matrix_latency_cycles(const MatrixEngineSpec& engine);

// MACs the engines issue for an m x n x k product, padding included: whole instructions of a dot-product
// array; of a systolic array all elements, for as long as operands stream through them. In 16-bit ones, as
// many as the format's bits fill, the last of them whole.
std::uint64_t issued_macs(const MatrixEngineSpec& engine, Dataflow dataflow, DType dtype, std::uint64_t m,
                          std::uint64_t n, std::uint64_t k);

// For an m x n x k product.
Conversions conversions(const MatrixEngineSpec& engine, std::uint64_t m, std::uint64_t n, std::uint64_t k,
                        bool in_place = false);

// Dataflows the engine can run; a dot-product array counts as output_stationary.
std::vector<Dataflow> dataflows(const MatrixEngineSpec& engine);

// What the engine reads from the scratchpad for an m x n x k product of elements of `bits` bits: each
// operand as often as the engine's geometry makes it re-read.
Bytes operand_read_bytes(const MatrixEngineSpec& engine, Dataflow dataflow, std::uint32_t a_bits,
                         std::uint32_t b_bits, std::uint64_t m, std::uint64_t n, std::uint64_t k);

}  // namespace orrery
