#include <gtest/gtest.h>

#include "sim/config/arch_loader.h"
#include "sim/engine/isolate.h"
#include "sim/engine/kernel_run.h"
#include "sim/mapping/kernel_estimate.h"
#include "sim/mapping/mapper.h"
#include "sim/workload/standalone_operator.h"

namespace orrery::test {
namespace {

TileKernel kernel_of(const ArchSpec& arch, const Operator& op) {
  return std::get<KernelLaunch>(Mapper(arch).map(op, 1).at(0).program.tasks[0].work).front();
}

// Scaled sums leave a block 32 columns after 32, and so do those of a mixture's experts in any format.
TEST(LibraryMatmul, ScaledSumsLeaveABlockPieceByPiece) {
  const ArchSpec arch = load_arch_named("gpu/b200");
  const Cycles piece{arch.execution.library->scaled_result_cycles};
  ASSERT_GT(piece, Cycles{0});
  const MatmulShape shape{1, 16384, 2048, 128};
  EXPECT_EQ(kernel_of(arch, standalone_matmul(shape, DType::fp8)).result_cycles, piece);
  EXPECT_EQ(kernel_of(arch, standalone_matmul(shape, DType::bf16)).result_cycles, Cycles{0});
  MatmulShape of_experts{8, 2048, 2048, 128};
  of_experts.grouped = 1;
  EXPECT_EQ(kernel_of(arch, standalone_matmul(of_experts, DType::bf16)).result_cycles, piece);
}

// Where sums are short, what a core does for a tile is to let its results out; with long ones that happens
// beside the next tile's products.
TEST(LibraryMatmul, ShortSumsWaitForTheirResults) {
  ArchSpec arch = load_arch_named("gpu/b200");
  const auto seconds = [&arch](std::uint64_t k) {
    const TileKernel kernel = kernel_of(arch, standalone_matmul({1, 16384, 2048, k}, DType::fp8));
    return KernelEstimate(arch).seconds(kernel);
  };
  const double with_short = seconds(128);
  const double with_long = seconds(16384);
  arch.execution.library->scaled_result_cycles = 0;
  const double none_short = seconds(128);
  const double none_long = seconds(16384);
  // 16384 x 2048 in tiles of 128 x 256 are seven for the busiest of 148 cores, of eight pieces each.
  const double least = 7 * 8 * 700 / load_arch_named("gpu/b200").clock_hz;
  EXPECT_GT(with_short, least);
  EXPECT_LT(none_short, least);
  EXPECT_LT(with_long / none_long, 1.1);
}

// Of a mixture's products in four bits a core has one block, of 64 rows at most, which widens and multiplies
// in turn.
TEST(LibraryMatmul, AMixturesNarrowWeightsAreWidenedInLine) {
  const ArchSpec arch = load_arch_named("gpu/a100-sxm-80gb");
  MatmulShape of_experts{8, 2048, 2048, 4096};
  of_experts.grouped = 1;
  const TileKernel widens = kernel_of(arch, standalone_matmul(of_experts, DType::w4a16));
  EXPECT_EQ(widens.resident_items, 1U);
  EXPECT_TRUE(widens.in_order);
  EXPECT_EQ(widens.tile_m, 64U);
  EXPECT_EQ(widens.tile_k, 64U);
  const TileKernel plain = kernel_of(arch, standalone_matmul(of_experts, DType::bf16));
  EXPECT_GT(plain.resident_items, 1U);
  EXPECT_FALSE(plain.in_order);
  // All other products of such weights keep their tiles.
  of_experts.grouped.reset();
  EXPECT_FALSE(kernel_of(arch, standalone_matmul(of_experts, DType::w4a16)).in_order);
}

// SGLang's kernels for fp8 on Ada are taken by the size of the results, have one block a core, go along m and
// add each stage's sums on the lanes.
TEST(LibraryMatmul, AnEnginesOwnKernelsAreThoseOfItsTable) {
  const ArchSpec arch = load_arch_named("gpu/l40s");
  const auto kernel = [&arch](ServingEngine engine, std::uint64_t m, std::uint64_t n, DType dtype) {
    MatmulShape shape{1, m, n, 4096};
    shape.engine = engine_number(engine);
    return kernel_of(arch, standalone_matmul(shape, dtype));
  };
  const TileKernel wide = kernel(ServingEngine::sglang, 4096, 8192, DType::fp8);
  EXPECT_EQ(wide.tile_m, 128U);
  EXPECT_EQ(wide.tile_n, 128U);
  EXPECT_EQ(wide.tile_k, 64U);
  EXPECT_EQ(wide.pipeline_stages, 3U);
  EXPECT_EQ(wide.resident_items, 1U);
  EXPECT_EQ(wide.raster, RasterOrder::m_fastest);
  EXPECT_TRUE(wide.in_order);
  EXPECT_EQ(kernel(ServingEngine::sglang, 4096, 8193, DType::fp8).pipeline_stages, 2U);
  EXPECT_EQ(kernel(ServingEngine::sglang, 16, 8192, DType::fp8).tile_m, 16U);
  EXPECT_EQ(kernel(ServingEngine::sglang, 17, 8192, DType::fp8).tile_m, 32U);
  for (const TileKernel& usual : {kernel(ServingEngine::any, 4096, 8192, DType::fp8),
                                  kernel(ServingEngine::vllm, 4096, 8192, DType::fp8),
                                  kernel(ServingEngine::sglang, 4096, 8192, DType::int8)}) {
    EXPECT_EQ(usual.raster, RasterOrder::grouped);
    EXPECT_FALSE(usual.in_order);
  }
}

Operator fp8_product_by(ServingEngine engine) {
  MatmulShape shape{1, 4096, 8192, 4096};
  shape.engine = engine_number(engine);
  return standalone_matmul(shape, DType::fp8);
}

// They multiply all weights: those that are left out are the library's.
TEST(LibraryMatmul, AnEnginesOwnKernelsAreDense) {
  const ArchSpec arch = load_arch_named("gpu/l40s");
  Operator op = fp8_product_by(ServingEngine::sglang);
  EXPECT_TRUE(kernel_of(arch, op).in_order);
  op.inputs[1].format.sparsity = sparsity_named("2:4").value();
  EXPECT_FALSE(kernel_of(arch, op).in_order);
}

// TensorRT-LLM's for scales of blocks, but not its others.
TEST(LibraryMatmul, ScalesOfBlocksHaveAnEnginesKernelsOfTheirOwn) {
  const ArchSpec arch = load_arch_named("gpu/l40s");
  Operator op = fp8_product_by(ServingEngine::trtllm);
  EXPECT_FALSE(kernel_of(arch, op).in_order);
  op.inputs[0].format.bits = ElementBits::of(8) + ElementBits::shared(32, 128);
  const TileKernel own = kernel_of(arch, op);
  EXPECT_EQ(own.tile_m, 32U);
  EXPECT_EQ(own.tile_k, 128U);
  EXPECT_TRUE(own.in_order);
}

// Four-bit instructions hold 128 rows, however few there are.
TEST(LibraryMatmul, FourBitProductsHoldWholeRows) {
  const ArchSpec arch = load_arch_named("gpu/b200");
  const MatmulShape shape{1, 8, 2048, 16384};
  EXPECT_EQ(kernel_of(arch, standalone_matmul(shape, DType::nvfp4)).tile_m, 128U);
  EXPECT_LT(kernel_of(arch, standalone_matmul(shape, DType::fp8)).tile_m, 128U);
}

}  // namespace
}  // namespace orrery::test
