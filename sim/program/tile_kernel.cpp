#include "sim/program/tile_kernel.h"

#include <algorithm>
#include <cmath>

#include "sim/timing/predictor_timing.h"

namespace orrery {
namespace {

struct RasterPosition {
  std::uint64_t m = 0, n = 0;
};

// Position `index` of a grid of m x n tiles in the kernel's order.
RasterPosition raster_position(const TileKernel& kernel, std::uint64_t index) {
  const std::uint64_t m_tiles = kernel.m_tiles();
  const std::uint64_t n_tiles = kernel.n_tiles();
  switch (kernel.raster) {
    case RasterOrder::n_fastest:
      return {index / n_tiles, index % n_tiles};
    case RasterOrder::m_fastest:
      return {index % m_tiles, index / m_tiles};
    case RasterOrder::grouped: {
      const std::uint64_t group = index / (kernel.raster_group * n_tiles);
      const std::uint64_t first = group * kernel.raster_group;
      const std::uint64_t height = std::min<std::uint64_t>(kernel.raster_group, m_tiles - first);
      const std::uint64_t within = index - first * n_tiles;
      return {first + within % height, within / height};
    }
  }
  return {};
}

double fraction(double x) {
  return x - std::floor(x);
}

// Multiples of it fill an interval evenly, one after the other; so do those of the other, beside them.
constexpr double kGolden = 0.6180339887498949;
constexpr double kPlastic = 0.7548776662466927;

struct TileRange {
  std::uint64_t begin = 0, end = 0;
};

// The k tiles that a column of items visits: as many as an even sample of a logistic distribution says, whose
// tails are about a binomial's, and somewhere. Columns go in pairs, the second as much below the share as the
// first is above it: together they visit no fewer than all blocks need. None is empty: pruning leaves each
// result something. They are whole tiles, not the one that the end of k cuts, as long as there are enough.
TileRange visited(const TileKernel& kernel, std::uint64_t column) {
  const auto tiles = static_cast<double>(kernel.k_tiles());
  const std::uint64_t index = column / kernel.sparse.columns;
  const double u = 0.5 + 0.5 * fraction(static_cast<double>(index / 2 + 1) * kGolden);
  const double deviations = std::log(u / (1 - u)) * 0.5513288954217921;  // sqrt(3) / pi
  const double mean = kernel.sparse.share * tiles;
  double count =
      std::min(tiles, std::max(std::ceil(mean), std::round(mean + deviations * kernel.sparse.deviation)));
  if (index % 2 == 1) count = std::clamp(std::ceil(2 * mean) - count, 1.0, tiles);
  const auto whole = static_cast<double>(kernel.k / kernel.tile_k);
  const double rest = (count > whole ? tiles : whole) - count;
  const auto begin =
      static_cast<std::uint64_t>(fraction(static_cast<double>(index + 1) * kPlastic) * (rest + 1));
  return {begin, begin + static_cast<std::uint64_t>(count)};
}

// Of a range of k tiles, what some row of the item sees.
TileRange seen(const TileKernel& kernel, const WorkItem& item, TileRange all) {
  const TileMask& mask = kernel.mask;
  const std::uint64_t last_row = std::min(kernel.m, (item.m + 1) * kernel.tile_m) - 1;
  const std::uint64_t first = mask.offset + item.m * kernel.tile_m / mask.rows_per_position;
  const std::uint64_t last = mask.offset + last_row / mask.rows_per_position;
  const std::uint64_t after = mask.causal ? 0 : mask.window > 0 ? (mask.window - 1) / 2 : kernel.k;
  const std::uint64_t columns = std::min(last + after + 1, kernel.k);
  TileRange range = all;
  const bool sees_all = !mask.causal && first < mask.global;
  if (!sees_all) range.end = std::max(all.begin, std::min(all.end, ceil_div(columns, kernel.tile_k)));
  const std::uint64_t before = mask.causal ? mask.window - 1 : mask.window / 2;
  if (mask.window > 0 && first > before && !sees_all) {
    // Tiles of the first columns count as those just before its own.
    const std::uint64_t own = (first - before) / kernel.tile_k;
    const std::uint64_t firsts = std::min(own, ceil_div(mask.global, kernel.tile_k));
    range.begin = std::clamp(own - firsts, all.begin, range.end);
  }
  if (mask.density < 1) {
    const auto kept =
        static_cast<std::uint64_t>(std::ceil(mask.density * static_cast<double>(range.end - range.begin)));
    const auto rest = static_cast<double>(range.end - range.begin - kept + 1);
    range.begin +=
        static_cast<std::uint64_t>(fraction(static_cast<double>(item.m + item.batch + 1) * kGolden) * rest);
    range.end = range.begin + kept;
  }
  return range;
}

}  // namespace

Bytes TileKernel::scratchpad_bytes(bool dedicated_accumulators) const {
  const Bytes item =
      held_bytes + stage_bytes * pipeline_stages + (dedicated_accumulators ? Bytes{} : accumulator_bytes);
  return item * resident_items;
}

WorkItem work_item(const TileKernel& kernel, std::uint64_t index) {
  const std::uint64_t plane = kernel.m_tiles() * kernel.n_tiles();
  WorkItem item;
  item.index = index;
  item.split = static_cast<std::uint32_t>(index % kernel.split_k);
  const std::uint64_t outer = index / kernel.split_k;
  item.batch = outer / plane;
  const RasterPosition at = raster_position(kernel, outer % plane);
  item.m = at.m;
  item.n = at.n;
  TileRange tiles{0, kernel.k_tiles()};
  if (kernel.sparse.share < 1) tiles = visited(kernel, item.batch * kernel.n_tiles() + item.n);
  const std::uint64_t share = ceil_div<std::uint64_t>(tiles.end - tiles.begin, kernel.split_k);
  item.k_begin = std::min(tiles.end, tiles.begin + share * item.split);
  item.k_end = std::min(tiles.end, item.k_begin + share);
  if (kernel.mask.hides()) {
    const TileRange range = seen(kernel, item, {item.k_begin, item.k_end});
    item.k_begin = range.begin;
    item.k_end = range.end;
  }
  return item;
}

std::uint64_t operand_tile_count(const TileKernel& kernel, const KernelOperand& operand) {
  return (operand.by_batch ? ceil_div(kernel.batch, operand.batch_divisor) : 1) *
         (operand.by_m ? kernel.m_tiles() : 1) * (operand.by_n ? kernel.n_tiles() : 1) *
         (operand.by_k ? kernel.k_tiles() : 1) * (operand.by_split ? kernel.split_k : 1);
}

std::uint64_t operand_tile(const TileKernel& kernel, const KernelOperand& operand, const WorkItem& item,
                           std::uint64_t k_tile) {
  std::uint64_t index = operand.by_batch ? item.batch / operand.batch_divisor : 0;
  if (operand.by_m) index = index * kernel.m_tiles() + item.m;
  if (operand.by_n) index = index * kernel.n_tiles() + item.n;
  if (operand.by_k) index = index * kernel.k_tiles() + k_tile;
  if (operand.by_split) index = index * kernel.split_k + item.split;
  return index;
}

std::uint64_t length_at(const TileKernel& kernel, const Length& length, const WorkItem& item,
                        std::uint64_t k_tile) {
  switch (length.dim) {
    case LoopDim::m:
      return clipped(kernel.m, kernel.tile_m, item.m);
    case LoopDim::n:
      return clipped(kernel.n, kernel.tile_n, item.n);
    case LoopDim::k:
      return clipped(kernel.k, kernel.tile_k, k_tile);
    case LoopDim::fixed:
      return length.value;
  }
  return 0;
}

namespace {

// Of a length along k, what a predictor leaves.
std::uint64_t chosen(const TileKernel& kernel, const Length& length, const WorkItem& item,
                     std::uint64_t all) {
  if (!kernel.predictor || length.dim != LoopDim::k) return all;
  return computed_keys(*kernel.predictor, all, clipped(kernel.m, kernel.tile_m, item.m));
}

}  // namespace

std::uint64_t engine_length_at(const TileKernel& kernel, const Length& length, const WorkItem& item,
                               std::uint64_t k_tile) {
  if (kernel.padded && length.dim == LoopDim::m) return kernel.tile_m;
  if (kernel.padded && length.dim == LoopDim::n) return kernel.tile_n;
  if (kernel.whole_stages && length.dim == LoopDim::k) return kernel.tile_k;
  return chosen(kernel, length, item, length_at(kernel, length, item, k_tile));
}

std::uint64_t lane_length_at(const TileKernel& kernel, const Length& length, const WorkItem& item,
                             std::uint64_t k_tile) {
  return kernel.whole_stages ? engine_length_at(kernel, length, item, k_tile)
                             : chosen(kernel, length, item, length_at(kernel, length, item, k_tile));
}

Bytes operand_bytes(const TileKernel& kernel, const KernelOperand& operand, const WorkItem& item,
                    std::uint64_t k_tile) {
  const std::uint64_t elements =
      length_at(kernel, operand.rows, item, k_tile) * length_at(kernel, operand.cols, item, k_tile);
  return Bytes{operand.bits.bytes(elements)};
}

bool common_to_cluster(const TileKernel& kernel, const KernelOperand& operand) {
  return kernel.cluster > 1 && !(kernel.raster == RasterOrder::n_fastest ? operand.by_n : operand.by_m);
}

std::uint32_t parts_of(const TileKernel& kernel, const KernelOperand& operand) {
  return kernel.parted && common_to_cluster(kernel, operand) ? kernel.cluster : 1;
}

Bytes on_chip_bytes(const TileKernel& kernel, const KernelOperand& operand) {
  KernelOperand wide = operand;
  wide.bits = std::max(operand.bits, operand.widened.value_or(operand.bits));
  return operand_bytes(kernel, wide, WorkItem{}, 0) / parts_of(kernel, operand);
}

Bytes operand_bytes_at(const TileKernel& kernel, const KernelOperand& operand, std::uint64_t index) {
  WorkItem item;
  std::uint64_t k_tile = 0;
  if (operand.by_split) index /= kernel.split_k;
  if (operand.by_k) {
    k_tile = index % kernel.k_tiles();
    index /= kernel.k_tiles();
  }
  if (operand.by_n) {
    item.n = index % kernel.n_tiles();
    index /= kernel.n_tiles();
  }
  if (operand.by_m) item.m = index % kernel.m_tiles();
  return operand_bytes(kernel, operand, item, k_tile);
}

Bytes stored_bytes(const TileKernel& kernel) {
  Bytes sum;
  for (const bool last_m : {false, true}) {
    for (const bool last_n : {false, true}) {
      WorkItem item;
      item.m = last_m ? kernel.m_tiles() - 1 : 0;
      item.n = last_n ? kernel.n_tiles() - 1 : 0;
      const std::uint64_t items = kernel.batch * kernel.split_k * (last_m ? 1 : kernel.m_tiles() - 1) *
                                  (last_n ? 1 : kernel.n_tiles() - 1);
      for (const KernelOperand& operand : kernel.outputs)
        sum += items * operand_bytes(kernel, operand, item, 0);
    }
  }
  return sum;
}

ItemTotals item_totals(const TileKernel& kernel, std::uint64_t first, std::uint64_t last) {
  ItemTotals totals;
  bool held = false;
  for (const KernelOperand& operand : kernel.inputs) held = held || operand.hold;
  Bytes loaded;
  const auto stage_macs = [&kernel](const WorkItem& item, std::uint64_t k_tile) {
    std::uint64_t macs = 0;
    for (const MatrixStep& step : kernel.matrix_steps) {
      macs += length_at(kernel, step.m, item, k_tile) * length_at(kernel, step.n, item, k_tile) *
              length_at(kernel, step.k, item, k_tile);
    }
    return macs;
  };
  for (std::uint64_t i = first; i < last; ++i) {
    const WorkItem item = work_item(kernel, i);
    for (const KernelOperand& operand : kernel.outputs)
      totals.stored_bytes += operand_bytes(kernel, operand, item, 0);
    if (item.k_end == item.k_begin) continue;
    // All k tiles but the last are full.
    totals.macs +=
        stage_macs(item, item.k_begin) * (item.k_end - item.k_begin - 1) + stage_macs(item, item.k_end - 1);
    for (const KernelOperand& operand : kernel.inputs) {
      const std::uint64_t end = operand.once ? item.k_begin + 1 : item.k_end;
      loaded += operand_bytes(kernel, operand, item, item.k_begin) * (end - item.k_begin - 1) +
                operand_bytes(kernel, operand, item, end - 1);
    }
  }
  if (!held) totals.loaded_bytes = loaded;
  return totals;
}

}  // namespace orrery
