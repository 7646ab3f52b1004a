#pragma once
// What every mapping of a matmul shares: its kernel without a tiling, the sum of split results, its program.

#include "sim/mapping/mapper.h"

namespace orrery {

// Operands numbered 0 (A), 1 (B), 2 (C); extents of the shape, no tiles yet.
TileKernel untiled_matmul(const Operator& op);

// The kernel that adds up the partial results of `kernel`, a tiling of `base` that splits k.
TileKernel split_reduction(const ArchSpec& arch, const TileKernel& kernel, const TileKernel& base);

Candidate matmul_candidate(const ArchSpec& arch, TileKernel kernel, const TileKernel& base,
                           double estimate_s);

}  // namespace orrery
