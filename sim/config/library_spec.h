#pragma once
// The kernels a vendor's libraries ship for a family of machines: what a mapper with a free hand would not
// choose. Sources are the libraries' own code; see arch_configs/libraries.

#include <array>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace orrery {

// A row-wise or element-wise kernel: a block of threads walks over a row (or a chunk of a tensor) in steps,
// each thread loading `load_bytes` a step and operand, and goes over the row `passes` times.
struct VectorKernelSpec {
  std::uint32_t threads = 1024;  // a block
  std::uint32_t load_bytes = 2;  // a thread's load
  std::uint32_t unroll = 1;      // steps whose loads are in flight together
  std::uint32_t passes = 1;      // over the row; the first reads memory, later ones cost their chain only
  std::uint32_t blocks_per_core = 1;  // resident at once, by registers
  std::uint32_t step_cycles = 0;      // that a core issues instructions for a block's step, a pass
  std::uint32_t chain_cycles = 0;     // a step's dependent results beyond that, which occupy nothing
};

struct LibrarySpec {
  std::string name;
  std::string vendor;                               // whose machines share what was learnt about its kernels
  std::vector<std::array<std::uint32_t, 2>> tiles;  // m x n of a thread block
  std::uint32_t stage_k_bytes = 64;                 // of a row of an operand, a pipeline stage
  std::vector<std::uint32_t> split_k = {1};
  std::uint32_t raster_group = 8;   // m tiles side by side in the raster (swizzle)
  std::uint32_t cluster = 1;        // thread blocks that share operand reads
  bool attention_overlaps = false;  // softmax of one block beside its own products (FlashAttention-3)
  double prologue_ns = 0;           // of a matmul kernel beyond any kernel's start
  std::map<std::string, VectorKernelSpec> vector_kernels;  // by operator
};

}  // namespace orrery
