// matmul as a library runs it: one of the tilings it ships, with a split of k where cores would idle, chosen
// by its own heuristic: the least of a closed form over tiles and waves. A library measures nothing at run
// time, so the choice is not always the best one.

#include <fmt/format.h>

#include <algorithm>

#include "sim/mapping/candidate_list.h"
#include "sim/mapping/kernel_estimate.h"
#include "sim/mapping/matmul_kernel.h"
#include "sim/mapping/operator_mapping.h"

namespace orrery {
namespace {

// Thread blocks that share an operand lie next to each other in the raster: along m if groups of it are.
std::uint32_t cluster_of(const LibrarySpec& library, const TileKernel& kernel) {
  if (kernel.split_k > 1) return 1;
  return kernel.m_tiles() % library.cluster == 0 || kernel.m_tiles() > library.raster_group ? library.cluster
                                                                                            : 1;
}

// Activations of 8 bits with scales of their own for blocks along k.
bool has_block_scales(const StoredFormat& format) {
  return storage_bits(format.dtype) == 8 && ElementBits::of(8) < format.bits;
}

// A stage's sums are added to those before, an operation each; or they have two scales for 128 products along
// k, a product and a fused multiply-add.
void sum_on_lanes(TileKernel& kernel, bool scaled) {
  constexpr double kBlock = 128;
  VectorCost cost = kAddCost;
  if (scaled) cost.simple_ops = 2 * static_cast<double>(kernel.tile_k) / kBlock;
  kernel.vector_steps.push_back({cost, tile_of(LoopDim::m), tile_of(LoopDim::n)});
  kernel.in_order = true;
}

struct Tiling {
  std::uint64_t m = 0, n = 0, k = 0;
};

// Those that are shipped, with stages of `step`; for weights in blocks the same no wider and no deeper than
// those, too (Gray et al., GPU Kernels for Block-Sparse Weights, 2017), but not below an instruction.
std::vector<Tiling> tilings(const std::vector<std::array<std::uint32_t, 2>>& tiles, std::uint64_t step,
                            const Sparsity& sparsity) {
  constexpr std::uint64_t kLeast = 16;
  std::vector<Tiling> all;
  for (const auto& [tile_m, tile_n] : tiles) {
    const std::uint64_t m = tile_m;
    const std::uint64_t n = tile_n;
    all.push_back({m, n, step});
    if (sparsity.kind != SparsityKind::blocks) continue;
    const Tiling narrow{m, std::min(n, std::max<std::uint64_t>(kLeast, sparsity.block_cols)),
                        std::min(step, std::max<std::uint64_t>(kLeast, sparsity.block_rows))};
    if (narrow.n < n || narrow.k < step) all.push_back(narrow);
  }
  return all;
}

// The kernels of a library that an operator may be run by.
struct ShippedKernels {
  std::vector<Tiling> tilings;
  bool divides = false;         // sums of few tiles, over blocks
  bool in_order = false;        // warps work on the lanes before they multiply a stage, or after
  bool sums_on_lanes = false;   // that work: a stage's sums
  bool scales_results = false;  // of the whole sum, too
  bool along_m = false;         // blocks follow each other along m, in no groups
  LayoutLimits most;
};

// Those that an engine brings for an operator; null: none.
const DispatchSpec* dispatch_of(const LibrarySpec& library, const Operator& op) {
  const auto& shape = std::get<MatmulShape>(op.shape);
  const auto own = library.engine_matmul.find(to_string(engine_numbered(shape.engine)));
  const StoredFormat& activations = op.inputs[0].format;
  const bool fp8 = activations.dtype == DType::fp8 && op.inputs[1].format.dtype == DType::fp8;
  if (own == library.engine_matmul.end() || !fp8 || shape.grouped.value_or(0) > 0 ||
      !weight_sparsity(op).is_dense())
    return nullptr;
  const auto& dispatch = has_block_scales(activations) ? own->second.block_fp8 : own->second.fp8;
  return dispatch ? &*dispatch : nullptr;
}

ShippedKernels shipped_kernels(const LibrarySpec& library, const Operator& op) {
  const auto& shape = std::get<MatmulShape>(op.shape);
  const std::uint64_t activation_bits = storage_bits(op.inputs[0].format.dtype);
  const std::uint64_t weight_bits = storage_bits(op.inputs[1].format.dtype);
  const std::uint64_t step =
      std::max<std::uint64_t>(1, library.stage_k_bytes * 8 / std::max(activation_bits, weight_bits));
  const Sparsity& sparsity = weight_sparsity(op);
  const bool experts = shape.grouped.value_or(0) > 0;
  const bool narrow = activation_bits <= 8;
  ShippedKernels shipped;
  shipped.sums_on_lanes = library.scales_on_lanes && has_block_scales(op.inputs[0].format);
  shipped.scales_results = narrow;
  if (const DispatchSpec* dispatch = dispatch_of(library, op)) {
    if (const DispatchedKernel* kernel = dispatch->kernel_for(shape.m, shape.n)) {
      shipped.tilings = {{kernel->tile[0], kernel->tile[1], kernel->stage_k}};
      shipped.sums_on_lanes = dispatch->sums_on_lanes || has_block_scales(op.inputs[0].format);
      shipped.along_m = dispatch->along_m;
      shipped.most = {dispatch->blocks_per_core, kernel->stages};
      return shipped;
    }
  }
  if (experts && library.grouped_widening && weight_bits < activation_bits) {
    shipped.tilings = tilings(library.grouped_widening->tiles, library.grouped_widening->stage_k, sparsity);
    shipped.in_order = shipped.scales_results = true;
    shipped.most.items = 1;
  } else if (experts && !library.grouped_tiles.empty()) {
    shipped.tilings = tilings(library.grouped_tiles, step, sparsity);
    shipped.scales_results = true;
  } else {
    const bool fp4 = activation_bits == 4 && !library.fp4_tiles.empty();
    shipped.tilings = tilings(fp4 ? library.fp4_tiles : library.tiles, step, sparsity);
    shipped.divides = !narrow || library.splits_narrow;
  }
  return shipped;
}

}  // namespace

std::vector<Candidate> map_library_matmul(const ArchSpec& arch, const Operator& op, std::size_t most) {
  const LibrarySpec& library = arch.execution.library.value();
  const KernelEstimate estimate(arch);
  const TileKernel base = untiled_matmul(arch, op);
  CandidateList list(estimate, most, MapObjective::time);
  const ShippedKernels shipped = shipped_kernels(library, op);
  for (const Tiling& tile : shipped.tilings) {
    if (arch.cores.accumulator_bytes > 0 && tile.m * tile.n * 4 > arch.cores.accumulator_bytes) continue;
    for (const std::uint32_t split : library.split_k) {
      TileKernel kernel = base;
      kernel.tile_m = tile.m;
      kernel.tile_n = tile.n;
      kernel.tile_k = tile.k;
      kernel.padded = true;
      kernel.prologue_ns = library.prologue_ns;
      kernel.split_k = split;
      const std::uint64_t plane = kernel.batch * kernel.m_tiles() * kernel.n_tiles();
      const bool splits = shipped.divides && split <= kernel.k_tiles() / 4 &&
                          plane * (split - 1) < 2 * std::uint64_t{arch.cores.count};
      if (split > 1 && !splits) continue;
      kernel.raster = kernel.m_tiles() == 1 ? RasterOrder::n_fastest
                      : shipped.along_m     ? RasterOrder::m_fastest
                                            : RasterOrder::grouped;
      kernel.raster_group = library.raster_group;
      kernel.cluster = cluster_of(library, kernel);
      if (kernel.cluster > 1 && library.parted) {
        kernel.parted = true;
        kernel.matrix_steps[0].b_bits = ceil_div(base.matrix_steps[0].b_bits, kernel.cluster);
      }
      kernel.in_order = shipped.in_order;
      if (shipped.sums_on_lanes) sum_on_lanes(kernel, has_block_scales(op.inputs[0].format));
      if (shipped.scales_results) kernel.result_cycles = Cycles{library.scaled_result_cycles};
      cut_blocks(op, kernel, base);
      kernel.outputs[0].by_split = split > 1;
      kernel.outputs[0].bits = split > 1 ? kPartialSum : base.outputs[0].bits;
      kernel.accumulator_bytes = Bytes{kernel.tile_m * kernel.tile_n * 4};
      complete_kernel(arch, kernel);
      kernel.cores_used = cores_for(arch, kernel.items());
      if (!lay_out(arch, kernel, shipped.most)) continue;
      double seconds = estimate.seconds(kernel);
      if (split > 1) seconds += estimate.seconds(split_reduction(arch, kernel, base));
      list.offer(kernel, seconds);
    }
  }
  std::vector<Candidate> result;
  for (const CandidateList::Entry& entry : list.best()) result.push_back(matmul_candidate(arch, entry, base));
  return result;
}

}  // namespace orrery
