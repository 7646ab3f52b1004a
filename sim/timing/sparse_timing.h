#pragma once
// What a matrix engine need not multiply of a product whose weights are sparse.

#include "sim/config/arch_spec.h"

namespace orrery {

// Whether the engine itself passes over zeros that lie so. Blocks are passed over by what runs on any engine.
bool skips(const MatrixEngineSpec& engine, const Sparsity& sparsity);

// Of a reduction of k for n columns of weights, the length that is multiplied: of N:M what the engine's
// closest pattern keeps; of unstructured ones what the fullest of the columns that it multiplies side by side
// is expected to (kept elements binomial: k d + sqrt(2 k d (1 - d) ln columns)); of circulant blocks of b
// rows 2 k / b products of spectra (b / 2 complex numbers of four MACs for b^2 weights), and transforms of
// log2(b) MACs an element (a real one of b elements, b log2 b) of the inputs, shared by n columns, and of the
// results (Ding et al., CirCNN, MICRO 2017); else all of it.
std::uint64_t multiplied_length(const MatrixEngineSpec& engine, const Sparsity& sparsity, std::uint64_t n,
                                std::uint64_t k);

// The same as a share of what dense weights take, at best: zeros passed over wherever that can be.
double multiplied_share(const MatrixEngineSpec& engine, const Sparsity& sparsity);

}  // namespace orrery
