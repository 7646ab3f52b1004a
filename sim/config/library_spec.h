#pragma once
// The kernels a vendor's libraries ship for a family of machines: what a mapper with a free hand would not
// choose. Sources are the libraries' own code; see arch_configs/libraries.

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "sim/operators/serving_engine.h"

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

// Attention of sequences that decode to a latent, where the library's kernel divides every context alike,
// whatever the machine: a block keeps some heads and walks over blocks of positions, each after the other.
struct LatentKernelSpec {
  std::uint32_t splits = 1;
  std::uint32_t heads = 16;
  std::uint32_t positions = 32;
  std::uint32_t chain_cycles = 0;  // of a block of positions: what waits for what
};

// Products of a mixture's experts whose weights are widened on the lanes: one block a core, whose warps widen
// a stage's weights and then multiply them.
struct WideningKernelSpec {
  std::vector<std::array<std::uint32_t, 2>> tiles;  // m x n
  std::uint32_t stage_k = 64;                       // products along k, a stage
};

// A kernel for products of at most so many rows and columns.
struct DispatchedKernel {
  std::uint64_t m = 0, n = 0;           // 0: however many
  std::array<std::uint32_t, 2> tile{};  // m x n of a thread block
  std::uint32_t stage_k = 64;           // products along k, a stage
  std::uint32_t stages = 0;             // buffers; 0: as many as there is room for
};

// Products by the first of these that takes them; sums are never divided.
struct DispatchSpec {
  std::vector<DispatchedKernel> kernels;
  bool sums_on_lanes = false;         // a stage's sums are added, or scaled and added, before the next stage
  bool along_m = false;               // blocks follow each other along m, in no groups
  std::uint32_t blocks_per_core = 0;  // resident, by registers; 0: as many as there is room for

  const DispatchedKernel* kernel_for(std::uint64_t m, std::uint64_t n) const {  // null: none takes them
    for (const DispatchedKernel& kernel : kernels) {
      if ((kernel.m == 0 || m <= kernel.m) && (kernel.n == 0 || n <= kernel.n)) return &kernel;
    }
    return nullptr;
  }
};

// Products of a serving engine that brings its own kernels for them, by the format of both operands.
struct EngineMatmulSpec {
  std::optional<DispatchSpec> fp8;
  std::optional<DispatchSpec> block_fp8;  // with scales of blocks along k
};

// Kernels that attend.
struct AttentionKernelSpec {
  bool overlaps = false;         // softmax of one block beside its own products (FlashAttention-3)
  bool narrows = false;          // queries to the format of a cache that is narrower than they are
  bool narrows_prompts = false;  // those of prompts alone
  bool row_a_lane = false;       // a lane holds all scores of a row: no sums across lanes
  // Resident blocks, by registers and scratchpad: of prompts and of sequences that decode.
  std::uint32_t blocks_per_core = 2, decoding_blocks_per_core = 1;
  std::uint32_t decoding_buffers = 8;  // of keys and values where sequences decode, at most
  // Rows of queries that a block computes where sequences decode, however few it has; 0, and of latents:
  // they are columns of instructions whose rows are keys, as few as those allow.
  std::uint32_t decoding_rows = 0;
  bool reads_narrow = true;       // caches narrower than queries; else the library's common kernels do
  bool pads_values = false;       // of prompts, to the length of their keys; results are cut
  bool splits_lone_heads = true;  // contexts of heads that share no keys are divided, too
  std::optional<LatentKernelSpec> latent;  // without it as all that decode, sized to the machine

  bool narrows_queries(bool decodes) const { return narrows || (!decodes && narrows_prompts); }
};

struct LibrarySpec {
  std::string name;
  std::string vendor;                               // whose machines share what was learnt about its kernels
  std::vector<std::array<std::uint32_t, 2>> tiles;  // m x n of a thread block
  std::vector<std::array<std::uint32_t, 2>> fp4_tiles;      // of 4-bit operands; none: as all products
  std::vector<std::array<std::uint32_t, 2>> grouped_tiles;  // of a mixture's experts; none: as all products
  std::optional<WideningKernelSpec> grouped_widening;       // without it they widen as all products do
  std::uint32_t stage_k_bytes = 64;                         // of a row of an operand, a pipeline stage
  std::vector<std::uint32_t> split_k = {1};
  bool splits_narrow = true;               // sums of 8-bit and narrower products are divided, too
  bool scales_on_lanes = false;            // of blocks along k: a stage's sums are scaled before the next
  std::uint32_t scaled_result_cycles = 0;  // of such sums and a mixture's, until 32 columns have left a block
  std::uint32_t raster_group = 8;          // m tiles side by side in the raster (swizzle)
  std::uint32_t cluster = 1;               // thread blocks that share operand reads
  bool parted = false;                     // and what they share lies in parts on their cores
  double prologue_ns = 0;                  // of a matmul kernel beyond any kernel's start
  std::map<std::string, EngineMatmulSpec> engine_matmul;  // of serving engines that bring their own
  AttentionKernelSpec attention;
  std::map<std::string, AttentionKernelSpec> engine_attention;  // of serving engines that bring their own
  std::map<std::string, VectorKernelSpec> vector_kernels;       // by operator
  std::map<std::string, VectorKernelSpec>
      scalar_kernels;  // those of 2023, whose threads load an element each

  // An engine's own kernels, if it brings any that read a cache narrower than queries where there is one.
  const AttentionKernelSpec& attention_of(ServingEngine engine, bool narrow_cache) const {
    const auto own = engine_attention.find(to_string(engine));
    if (own == engine_attention.end() || (narrow_cache && !own->second.reads_narrow)) return attention;
    return own->second;
  }
  // The kernel of an operator; none where the mapper has a free hand.
  const VectorKernelSpec* vector_kernel(const std::string& op, bool scalar) const {
    const auto found = scalar_kernels.find(op);
    if (scalar && found != scalar_kernels.end()) return &found->second;
    const auto shipped = vector_kernels.find(op);
    return shipped != vector_kernels.end() ? &shipped->second : nullptr;
  }
};

}  // namespace orrery
