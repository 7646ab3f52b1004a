#pragma once
// What a matrix engine need not multiply of a product whose weights are sparse.

#include "sim/config/arch_spec.h"

namespace orrery {

// Whether the engine itself passes over zeros that lie so. Blocks are passed over by what runs on any engine.
bool skips(const MatrixEngineSpec& engine, const Sparsity& sparsity);

// Of a reduction of k for n columns of weights, the length that is multiplied: of N:M what the engine's
// closest pattern keeps; of unstructured ones what the fullest of the columns that it multiplies side by side
// is expected to (kept elements binomial: k d + sqrt(2 k d (1 - d) ln columns)); else all of it.
std::uint64_t multiplied_length(const MatrixEngineSpec& engine, const Sparsity& sparsity, std::uint64_t n,
                                std::uint64_t k);

// The same as a share of what dense weights take, at best: zeros passed over wherever that can be.
double multiplied_share(const MatrixEngineSpec& engine, const Sparsity& sparsity);

}  // namespace orrery
