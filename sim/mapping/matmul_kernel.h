#pragma once
// What every mapping of a matmul shares: its kernel without a tiling, the sum of split results, its program.

#include "sim/mapping/candidate_list.h"

namespace orrery {

// Numbers of a matmul's operands; C is 2.
inline constexpr std::uint32_t kMatmulA = 0;
inline constexpr std::uint32_t kMatmulB = 1;

// Operands by number; extents of the shape, no tiles yet.
TileKernel untiled_matmul(const ArchSpec& arch, const Operator& op);

// What a tiling makes of weights in blocks: tiles that hold none are not visited. `base`: untiled.
void cut_blocks(const Operator& op, TileKernel& kernel, const TileKernel& base);

// Sizes in order, with the block's own among them.
std::vector<std::uint64_t> with_block(std::vector<std::uint64_t> sizes, std::uint64_t block,
                                      std::uint64_t extent);

// The kernel that adds up the partial results of `kernel`, a tiling of `base` that splits k.
TileKernel split_reduction(const ArchSpec& arch, const TileKernel& kernel, const TileKernel& base);

Candidate matmul_candidate(const ArchSpec& arch, const CandidateList::Entry& entry, const TileKernel& base);

}  // namespace orrery
