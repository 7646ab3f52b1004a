#include <gtest/gtest.h>

#include "sim/config/arch_loader.h"
#include "sim/mapping/kernel_estimate.h"
#include "sim/mapping/mapper.h"
#include "sim/mapping/operator_mapping.h"
#include "sim/workload/standalone_operator.h"

namespace orrery::test {
namespace {

// A block counts the choices of all tokens, which are one row, each of its steps after the one before: their
// number is what it takes, whatever the machine has beside its core.
TEST(VectorMapping, OneBlockWalksOverARow) {
  const ArchSpec arch = load_arch_named("gpu/h100-sxm");
  const auto counts = [&arch](std::uint64_t tokens) {
    const Operator op = standalone(OperatorKind::expert_sort, VectorShape{1, tokens * 8}, DType::fp32);
    return std::get<KernelLaunch>(Mapper(arch).map(op, 1).at(0).program.tasks[0].work).front();
  };
  const TileKernel many = counts(16384);
  EXPECT_EQ(many.items(), 1U);
  EXPECT_EQ(many.cores_used, 1U);
  EXPECT_EQ(many.k_tiles(), 16384U * 8 / 1024);
  EXPECT_EQ(many.pipeline_stages, 1U);
  const KernelEstimate estimate(arch);
  const double longer = estimate.seconds(many) - estimate.seconds(counts(8192));
  EXPECT_NEAR(longer / (estimate.seconds(counts(8192)) - estimate.seconds(counts(4096))), 2, 0.1);
  // Places are found by many blocks.
  const Operator op = standalone(OperatorKind::expert_sort, VectorShape{16384, 8}, DType::fp32);
  const TileKernel sort = std::get<KernelLaunch>(Mapper(arch).map(op, 1).at(0).program.tasks[0].work).front();
  EXPECT_GT(sort.cores_used, 64U);
}

// Two inputs and a result of 4,097 numbers do not fit into 64 KiB, let alone twice.
TEST(VectorMapping, RowsThatDoNotFitAreWalkedOverTwice) {
  const ArchSpec arch = load_arch_named("gpu/mi300x");
  const Operator op = standalone(OperatorKind::gated_norm, VectorShape{37, 16384}, DType::fp32);
  const TileKernel norm = std::get<KernelLaunch>(Mapper(arch).map(op, 1).at(0).program.tasks[0].work).front();
  EXPECT_EQ(norm.tile_k, 1024U);
  EXPECT_EQ(norm.k, 16384U);
  EXPECT_TRUE(KernelEstimate(arch).fits(norm));
}

// An instruction takes so many rows of a tile, and at least one is needed.
TEST(VectorMapping, InstructionsCoverRows) {
  ArchSpec arch = load_arch_named("asic/trainium1");
  TileKernel kernel;
  kernel.m = kernel.tile_m = 1000;
  kernel.n = kernel.tile_n = 64;
  VectorCost cost;
  cost.instructions = 3;
  kernel.vector_steps = {{cost, tile_of(LoopDim::m), tile_of(LoopDim::n)}};
  const auto instructions = [&](std::uint32_t rows, std::uint64_t tile) {
    arch.command.instruction_rows = rows;
    kernel.tile_m = tile;
    complete_kernel(arch, kernel);
    return kernel.instructions_per_stage;
  };
  EXPECT_EQ(instructions(1, 1000), 3000U);
  EXPECT_EQ(instructions(128, 1000), 3U * 8);
  EXPECT_EQ(instructions(128, 5), 3U);
  EXPECT_EQ(load_arch_named("asic/trainium1").command.instruction_rows, 128U);
}

}  // namespace
}  // namespace orrery::test
