#pragma once
// A kernel as the hardware sees it: a nest of tile loops over (batch, m, n, k). A work item is one (batch, m,
// n) tile and one split of k; it runs through stages, one k tile each: load operand tiles, matrix steps,
// vector steps; then an epilogue and the store of its output tile. The nest is kept compact (a program of a
// large matmul has hundreds of thousands of stages) and expanded by the cores. It knows tasks and bytes only.

#include <array>
#include <cstdint>
#include <optional>
#include <vector>

#include "sim/config/arch_spec.h"
#include "sim/timing/vector_timing.h"
#include "sim/util/amount.h"
#include "sim/util/ids.h"
#include "sim/util/sparsity.h"
#include "sim/util/stored_format.h"

namespace orrery {

enum class LoopDim : std::uint8_t { m, n, k, fixed };

// A length that is the (clipped) tile of a loop dimension, or a constant.
struct Length {
  LoopDim dim = LoopDim::fixed;
  std::uint64_t value = 1;  // of a fixed length
};
inline Length tile_of(LoopDim dim) {
  return {dim, 1};
}
inline Length fixed_length(std::uint64_t value) {
  return {LoopDim::fixed, value};
}

// One tensor as the nest cuts it: which loop indices choose the tile, and the tile's extent in elements.
struct KernelOperand {
  TensorId tensor;
  bool by_batch = false, by_m = false, by_n = false, by_k = false, by_split = false;
  std::uint64_t batch_divisor = 1;  // several batch indices share a tile (grouped heads)
  Length rows, cols;
  ElementBits bits = ElementBits::of(16);
  std::optional<ElementBits> widened;  // in the scratchpad
  bool hold = false;       // stays in the scratchpad while the indices that choose it do not change
  bool once = false;       // loaded with a work item's first stage only
  bool irregular = false;  // rows scattered over DRAM pages (gather)
  Bytes tensor_bytes;      // of the whole tensor
};

struct MatrixStep {
  Length m, n, k;
  DType dtype = DType::fp16;
  Dataflow dataflow = Dataflow::output_stationary;
  std::uint32_t a_bits = 16, b_bits = 16;
  bool in_place = false;  // b lies in the cells that multiply it
  Sparsity sparsity;      // of b, where the engine passes over its zeros (sim/timing/sparse_timing)
};

// Which columns of k (positions of keys) a row of m (queries of a position) sees: items visit k tiles of
// which one of their rows sees some.
struct TileMask {
  bool causal = false;  // row r sees [0, offset + r / rows_per_position]
  std::uint64_t offset = 0;
  std::uint64_t rows_per_position = 1;
  std::uint64_t window = 0;  // columns about its own that a row sees: the last ones of a causal row, else
                             // half of them to each side; 0 = all
  std::uint64_t global = 0;  // the first columns, seen by all beside a window (and whose rows, of a mask that
                             // is not causal, see all)
  double density = 1;        // of those tiles, as many hold something

  bool hides() const { return causal || window > 0 || density < 1; }
};

// Items of a tile of n visit only k tiles that hold something: blocks of weights that are kept or not
// independently of each other.
struct SparseTiles {
  double share = 1;           // of k tiles, in the mean
  double deviation = 0;       // k tiles, from one tile of n to another
  std::uint64_t columns = 1;  // tiles of n that are parts of the same blocks
};

struct VectorStep {
  VectorCost cost;
  Length rows, cols;
};

enum class RasterOrder : std::uint8_t { n_fastest, m_fastest, grouped };

constexpr std::uint64_t kResultColumns = 32;  // that leave the registers at a time

struct TileKernel {
  std::uint64_t batch = 1, m = 1, n = 1, k = 1;  // extents of the loops
  std::uint64_t tile_m = 1, tile_n = 1, tile_k = 1;
  std::uint32_t split_k = 1;
  RasterOrder raster = RasterOrder::n_fastest;
  std::uint32_t raster_group = 8;  // m tiles a group of `grouped`
  std::uint32_t cores_used = 1;
  std::uint32_t resident_items = 1;   // work items a core interleaves
  std::uint32_t pipeline_stages = 2;  // buffers an item keeps in flight
  std::uint32_t cluster = 1;          // cores next to each other that share reads of the same tile
  bool parted = false;                // of such a tile each of them holds a part, and reads the others'

  double prologue_ns = 0;      // on the device, before the first item
  Cycles stage_vector_cycles;  // a stage's vector steps issue for at least so long
  Cycles stage_chain_cycles;   // and then wait for dependent results, which occupies nothing
  Cycles result_cycles;        // an item's epilogue takes at least so long for kResultColumns of its result
  bool in_order = false;       // an item's next stage waits for the vector steps of the one before
  bool padded = false;         // engines compute whole tiles in m and n even where the edge clips them
  bool whole_stages = false;   // and in k, as do lanes: a stage takes as long whatever of its tile there is

  TileMask mask;
  SparseTiles sparse;
  // Chooses the pairs of a row of m and a column of k that stages compute; none: all of them.
  std::optional<ScorePredictorSpec> predictor;

  std::vector<KernelOperand> inputs;
  std::vector<MatrixStep> matrix_steps;  // each stage
  std::vector<VectorStep> vector_steps;  // each stage
  std::vector<VectorStep> epilogue;      // each item
  std::vector<KernelOperand> outputs;

  Bytes accumulator_bytes;  // an item
  Bytes held_bytes;         // an item: held operands and `once` operands
  Bytes stage_bytes;        // a buffer of streamed operands, full tile
  std::uint64_t instructions_per_stage = 0;
  std::uint64_t instructions_per_item = 0;

  std::uint64_t useful_macs = 0;    // of the operator this kernel computes (exact)
  bool multiplies_useless = false;  // what its stages multiply is more than that: it counts as a whole
  DType mac_dtype = DType::fp16;

  std::uint64_t m_tiles() const { return ceil_div(m, tile_m); }
  std::uint64_t n_tiles() const { return ceil_div(n, tile_n); }
  std::uint64_t k_tiles() const { return ceil_div(k, tile_k); }
  std::uint64_t items() const { return batch * m_tiles() * n_tiles() * split_k; }
  // That an item's epilogue takes at least for a result of so many columns.
  Cycles least_epilogue(std::uint64_t columns) const {
    return result_cycles * ceil_div(columns, kResultColumns);
  }
  // Bytes of scratchpad a core needs for this kernel.
  Bytes scratchpad_bytes(bool dedicated_accumulators) const;
};

// Coordinates of a work item.
struct WorkItem {
  std::uint64_t index = 0;   // in the raster, over all kernels of a launch
  std::uint32_t kernel = 0;  // of the launch
  std::uint64_t batch = 0, m = 0, n = 0;
  std::uint32_t split = 0;
  std::uint64_t k_begin = 0, k_end = 0;  // k tiles, end exclusive
};

// Whether neighbours in the raster, and so on the cores of a cluster, have the same tile of an operand.
bool common_to_cluster(const TileKernel& kernel, const KernelOperand& operand);
// In how many parts its tiles lie, each on a core of its own.
std::uint32_t parts_of(const TileKernel& kernel, const KernelOperand& operand);

WorkItem work_item(const TileKernel& kernel, std::uint64_t index);

// Extent of tile `index` of a dimension of `extent` cut in `tile`s.
inline std::uint64_t clipped(std::uint64_t extent, std::uint64_t tile, std::uint64_t index) {
  const std::uint64_t begin = index * tile;
  return begin >= extent ? 0 : (extent - begin < tile ? extent - begin : tile);
}

// Tiles of an operand, and the dense index of the one that (item, k tile) touches.
// Items that run side by side: one a slot of the cores used. A slot's next item is that many further on.
inline std::uint64_t items_at_once(const TileKernel& kernel) {
  return std::uint64_t{kernel.cores_used} * kernel.resident_items;
}

std::uint64_t operand_tile_count(const TileKernel& kernel, const KernelOperand& operand);
std::uint64_t operand_tile(const TileKernel& kernel, const KernelOperand& operand, const WorkItem& item,
                           std::uint64_t k_tile);

// Bytes of the tile of `operand` at (item, k tile), clipped at the edges.
Bytes operand_bytes(const TileKernel& kernel, const KernelOperand& operand, const WorkItem& item,
                    std::uint64_t k_tile);

// Bytes that the largest tile of `operand` takes in the scratchpad of a core.
Bytes on_chip_bytes(const TileKernel& kernel, const KernelOperand& operand);

// Bytes of tile `index` of an operand (the inverse of operand_tile), clipped at the edges.
Bytes operand_bytes_at(const TileKernel& kernel, const KernelOperand& operand, std::uint64_t index);

// Bytes all items store, from the extents: each output's tiles by whether they are clipped at the edges of m
// and n.
Bytes stored_bytes(const TileKernel& kernel);

// What items do, exactly. Loads are unknown (nullopt) when operands are held from item to item.
struct ItemTotals {
  Bytes stored_bytes;
  std::uint64_t macs = 0;
  std::optional<Bytes> loaded_bytes;
};
ItemTotals item_totals(const TileKernel& kernel, std::uint64_t first, std::uint64_t last);

// A Length at (item, k tile).
std::uint64_t length_at(const TileKernel& kernel, const Length& length, const WorkItem& item,
                        std::uint64_t k_tile);
// The same as the matrix engine computes it: whole tiles of m and n where the kernel is padded,
// of k where its stages are whole; what a predictor leaves of k.
std::uint64_t engine_length_at(const TileKernel& kernel, const Length& length, const WorkItem& item,
                               std::uint64_t k_tile);
// The same as the lanes do in a stage.
std::uint64_t lane_length_at(const TileKernel& kernel, const Length& length, const WorkItem& item,
                             std::uint64_t k_tile);

}  // namespace orrery
