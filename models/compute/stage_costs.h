#pragma once
// Service times and bytes of a kernel's stages, worked out once a kernel with the engines' own timing: a
// stage is one of eight kinds, by whether its m, n and k tiles are full or clipped at the edge.

#include <array>
#include <vector>

#include "models/compute/matrix_engine.h"
#include "models/compute/vector_unit.h"
#include "models/memory/scratchpad.h"
#include "sim/program/tile_kernel.h"
#include "sim/stats/activity_counts.h"

namespace orrery {

inline constexpr std::size_t kMaxOperands = 6;
inline constexpr std::uint64_t kNothingHeld = UINT64_MAX;  // the place of no tile

struct StageCost {
  Femtoseconds matrix = 0;  // engine time, scratchpad supply included
  bool scratchpad_bound = false;
  Femtoseconds predictor = 0;  // of the pairs that are estimated before the engine begins
  Femtoseconds vector = 0;
  std::array<Bytes, kMaxOperands> input_bytes{};
  Bytes scratchpad_read_bytes;
  Bytes widened_bytes;
  std::uint64_t macs = 0;  // of the clipped tiles
  std::uint64_t predicted_pairs = 0;
  std::uint64_t issued_macs = 0;  // 16-bit ones
  Conversions conversions;
  VectorWork vector_work;
};

struct ItemCost {
  Femtoseconds vector = 0;  // epilogue
  std::array<Bytes, kMaxOperands> output_bytes{};
  VectorWork vector_work;
};

class StageCosts {
 public:
  StageCosts(const TileKernel& kernel, const MatrixEngine& matrix, const VectorUnit& vector,
             const Scratchpad& scratchpad);

  const StageCost& stage(const WorkItem& item, std::uint64_t k_tile) const {
    return stages_[edges(item) | (k_tile == last_k_ ? 4U : 0U)];
  }
  const ItemCost& item(const WorkItem& item) const { return items_[edges(item)]; }

 private:
  std::uint64_t last_m_, last_n_, last_k_;
  std::array<StageCost, 8> stages_;
  std::array<ItemCost, 4> items_;

  std::size_t edges(const WorkItem& item) const {
    return (item.m == last_m_ ? 1U : 0U) | (item.n == last_n_ ? 2U : 0U);
  }
};

// What a stage and an item do, as counts.
void count_stage(ActivityCounts& counts, const TileKernel& kernel, const StageCost& cost);
void count_item(ActivityCounts& counts, const ItemCost& cost);

}  // namespace orrery
