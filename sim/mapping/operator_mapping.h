#pragma once
// One function a family of operators; called by Mapper only.

#include "sim/mapping/mapper.h"

namespace orrery {

std::vector<Candidate> map_matmul(const ArchSpec& arch, const Operator& op, std::size_t most,
                                  const TileRequest& request, MapObjective objective);
std::vector<Candidate> map_library_matmul(const ArchSpec& arch, const Operator& op, std::size_t most);
std::vector<Candidate> map_attention(const ArchSpec& arch, const Operator& op, std::size_t most,
                                     const TileRequest& request, MapObjective objective);
std::vector<Candidate> map_vector(const ArchSpec& arch, const Operator& op, const VectorFamily& family,
                                  std::size_t most, MapObjective objective);
std::vector<Candidate> map_routing(const ArchSpec& arch, const Operator& op, const RoutingFamily& family,
                                   std::size_t most, MapObjective objective);

std::vector<Candidate> map_scan(const ArchSpec& arch, const Operator& op, const ScanFamily& family,
                                std::size_t most, MapObjective objective);

// Products that are still to be added are kept in the 32 bits that they accumulate in.
inline constexpr ElementBits kPartialSum = ElementBits::of(32);

// Adds up the `splits` partial results (rows x cols each) of a split kernel: the second task of its program.
TileKernel reduction_kernel(const ArchSpec& arch, TensorId partials, TensorId result, std::uint64_t rows,
                            std::uint64_t cols, std::uint32_t splits, ElementBits result_bits);

// Buffers, counts and numbers of the machine's instructions that follow from the operands.
void complete_kernel(const ArchSpec& arch, TileKernel& kernel);

// As many cores as the machine has and items there are.
std::uint32_t cores_for(const ArchSpec& arch, std::uint64_t items);

// Numbers of cores worth trying for a kernel: all that have work, and the fewest that need no more rounds.
std::vector<std::uint32_t> core_counts(const ArchSpec& arch, const TileKernel& kernel);

// Resident items of a core, and buffers of each; 0: as many as fit.
struct LayoutLimits {
  std::uint32_t items = 0, buffers = 0;
};

// As many buffers as fit (at most the core's), and as many resident items as fit; false when not even one
// fits.
bool lay_out(const ArchSpec& arch, TileKernel& kernel, const LayoutLimits& most = {});

}  // namespace orrery
