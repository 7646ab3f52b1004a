#include "sim/program/tile_kernel.h"

#include <gtest/gtest.h>

#include <array>
#include <set>

#include "sim/util/random.h"

namespace orrery::test {
namespace {

bool sees(const TileMask& mask, std::uint64_t row, std::uint64_t column, std::uint64_t columns) {
  const std::uint64_t own = mask.offset + row / mask.rows_per_position;
  if (mask.causal) {
    if (column > own) return false;
    return mask.window == 0 || column + mask.window > own || column < mask.global;
  }
  if (mask.window == 0 || own < mask.global || column < mask.global) return column < columns;
  return column + mask.window / 2 >= own && column <= own + (mask.window - 1) / 2;
}

// As many tiles as hold a pair that some row sees, one by one; the first columns' count wherever they lie.
TEST(TileMask, ItemsVisitTheTilesThatTheirRowsSee) {
  RandomStream random(3);
  for (int draw = 0; draw < 400; ++draw) {
    TileKernel kernel;
    TileMask& mask = kernel.mask;
    mask.causal = random.below(2) == 0;
    mask.rows_per_position = mask.causal ? 1 + random.below(3) : 1;
    const std::uint64_t queries = 1 + random.below(60);
    const std::uint64_t before = mask.causal ? random.below(40) : 0;
    mask.offset = before;
    kernel.m = queries * mask.rows_per_position;
    kernel.k = queries + before;
    kernel.tile_m = 1 + random.below(20);
    kernel.tile_k = 1 + random.below(20);
    if (random.below(3) > 0 || !mask.causal) mask.window = 1 + random.below(30);
    if (mask.window > 0 && random.below(2) == 0) mask.global = 1 + random.below(10);
    for (std::uint64_t i = 0; i < kernel.items(); ++i) {
      const WorkItem item = work_item(kernel, i);
      std::set<std::uint64_t> tiles;
      const std::uint64_t end = std::min(kernel.m, (item.m + 1) * kernel.tile_m);
      for (std::uint64_t row = item.m * kernel.tile_m; row < end; ++row) {
        for (std::uint64_t column = 0; column < kernel.k; ++column) {
          if (sees(mask, row, column, kernel.k)) tiles.insert(column / kernel.tile_k);
        }
      }
      EXPECT_EQ(item.k_end - item.k_begin, tiles.size())
          << (mask.causal ? "causal" : "both ways") << " window " << mask.window << " global " << mask.global
          << " tiles " << kernel.tile_m << "x" << kernel.tile_k << " item " << i << " of " << kernel.m << "x"
          << kernel.k;
      EXPECT_LE(item.k_end, kernel.k_tiles());
    }
  }
}

TEST(TileMask, ADensityKeepsAsManyOfTheTilesThatAreLeft) {
  TileKernel kernel;
  kernel.m = kernel.k = 1024;
  kernel.tile_m = kernel.tile_k = 64;
  kernel.mask.causal = true;
  kernel.mask.density = 0.25;
  std::set<std::uint64_t> read;
  for (std::uint64_t i = 0; i < kernel.items(); ++i) {
    const WorkItem item = work_item(kernel, i);
    EXPECT_EQ(item.k_end - item.k_begin, (item.m + 1 + 3) / 4);
    EXPECT_LE(item.k_end, item.m + 1);
    for (std::uint64_t k = item.k_begin; k < item.k_end; ++k) read.insert(k);
  }
  EXPECT_GT(read.size(), 12U);  // not the same few of all
}

// Columns of blocks visit what they hold: on about the whole the share of all, apart by the deviation, in
// places of their own; columns of the same blocks alike.
TEST(SparseTiles, ColumnsVisitTheirShare) {
  TileKernel kernel;
  kernel.m = 64;
  kernel.tile_m = 64;
  kernel.n = 64 * 1000;
  kernel.tile_n = 64;
  kernel.k = 64 * 100;
  kernel.tile_k = 64;
  kernel.sparse = {0.3, 4.6, 1};
  double sum = 0;
  double squares = 0;
  std::set<std::uint64_t> begins;
  for (std::uint64_t i = 0; i < kernel.items(); ++i) {
    const WorkItem item = work_item(kernel, i);
    const auto tiles = static_cast<double>(item.k_end - item.k_begin);
    EXPECT_LE(item.k_end, 100U);
    sum += tiles / 1000;
    squares += (tiles - 30) * (tiles - 30) / 1000;
    begins.insert(item.k_begin);
  }
  EXPECT_NEAR(sum, 30, 0.1);  // and no less, of any number of them:
  EXPECT_NEAR(std::sqrt(squares), 4.6, 0.3);
  EXPECT_GT(begins.size(), 50U);
  kernel.sparse.columns = 4;
  for (std::uint64_t i = 0; i + 4 <= kernel.items(); i += 4) {
    EXPECT_EQ(work_item(kernel, i).k_begin, work_item(kernel, i + 3).k_begin);
    EXPECT_EQ(work_item(kernel, i).k_end, work_item(kernel, i + 3).k_end);
  }
}

TEST(SparseTiles, SplitsShareWhatAColumnVisits) {
  TileKernel kernel;
  kernel.m = kernel.n = kernel.tile_m = kernel.tile_n = 64;
  kernel.k = 64 * 100;
  kernel.tile_k = 64;
  kernel.sparse = {0.3, 0, 1};
  kernel.split_k = 4;
  std::uint64_t visited = 0;
  for (std::uint64_t i = 0; i < 4; ++i) {
    const WorkItem item = work_item(kernel, i);
    EXPECT_LE(item.k_end - item.k_begin, 8U);
    visited += item.k_end - item.k_begin;
  }
  EXPECT_EQ(visited, 30U);
}

// Whole stages: a tile that the edge clips takes engine and lanes as long as any.
TEST(TileKernel, WholeStagesAreComputedWhateverTheEdgeLeaves) {
  TileKernel kernel;
  kernel.m = 5;
  kernel.k = 70;
  kernel.tile_m = 64;
  kernel.tile_k = 64;
  kernel.padded = true;
  const WorkItem first;
  const auto lengths = [&](LoopDim dim) {
    return std::array<std::uint64_t, 3>{length_at(kernel, tile_of(dim), first, 1),
                                        engine_length_at(kernel, tile_of(dim), first, 1),
                                        lane_length_at(kernel, tile_of(dim), first, 1)};
  };
  EXPECT_EQ(lengths(LoopDim::m), (std::array<std::uint64_t, 3>{5, 64, 5}));
  EXPECT_EQ(lengths(LoopDim::k), (std::array<std::uint64_t, 3>{6, 6, 6}));
  kernel.whole_stages = true;
  EXPECT_EQ(lengths(LoopDim::m), (std::array<std::uint64_t, 3>{5, 64, 64}));
  EXPECT_EQ(lengths(LoopDim::k), (std::array<std::uint64_t, 3>{6, 64, 64}));
}

TEST(TileKernel, AResultLeavesInPieces) {
  TileKernel kernel;
  kernel.result_cycles = Cycles{100};
  EXPECT_EQ(kernel.least_epilogue(1), Cycles{100});
  EXPECT_EQ(kernel.least_epilogue(2 * kResultColumns + 1), Cycles{300});
}

}  // namespace
}  // namespace orrery::test
