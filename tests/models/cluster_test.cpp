// Cores of a cluster fill their buffers together: a read that several of them need is one read, in every
// stage of every item, whatever keeps one of them back.

#include <gtest/gtest.h>

#include "sim/engine/machine.h"
#include "tests/support/programs.h"
#include "tests/support/small_machine.h"

namespace orrery::test {
namespace {

constexpr std::uint64_t kClusterTile = 8 * kKiB;

// Items along m, each with an operand of its own and one that those of the same n share.
TileKernel pairs(std::uint64_t m, std::uint64_t n, std::uint64_t stages, std::uint32_t cores) {
  TileKernel kernel = load_kernel(m, stages, kClusterTile, cores, 3);
  kernel.n = n;
  kernel.tile_n = 1;
  kernel.raster = RasterOrder::m_fastest;
  kernel.cluster = 2;
  KernelOperand own = kernel.inputs[0];
  own.by_n = true;
  own.tensor_bytes *= n;
  KernelOperand common = kernel.inputs[0];
  common.tensor = TensorId{1};
  common.by_m = false;
  common.by_n = true;
  common.tensor_bytes = Bytes{n * stages * kClusterTile};
  kernel.inputs = {own, common};
  kernel.stage_bytes = Bytes{2 * kClusterTile};
  return kernel;
}

TEST(Cluster, EveryCommonReadIsOne) {
  ArchSpec arch = small_machine();
  arch.cores.count = 6;
  arch.shared_levels = {{32 * kMiB, 96, 1, 10}};
  Machine machine(arch);
  const std::uint64_t m = 2, n = 120, stages = 7;
  // The own operands of the second row are on chip: of each cluster one core is held up by DRAM and the other
  // is not.
  OnChip on_chip;
  on_chip.hold({TensorId{0}, Bytes{m * n * stages * kClusterTile / 2}, {}});
  const ProgramOutcome run = machine.run(program_of(pairs(m, n, stages, 6)), on_chip, false);
  const std::uint64_t common = m * n * stages * kClusterTile;  // asked for
  EXPECT_EQ(run.counts.requested_read_bytes, 2 * common);
  EXPECT_EQ(run.counts.multicast_bytes, common / 2);  // for one of each two it is another's
  // A cluster too many for its memory is as fast as that serves what is left.
  const double served = static_cast<double>(2 * common - common / 2);
  EXPECT_GE(to_seconds(run.time), served / (96 * arch.clock_hz));
}

// Where each core of a cluster holds a part of what they have in common, its port carries that part alone.
TEST(Cluster, PartsOfACommonTileComeByAPortEach) {
  ArchSpec arch = small_machine();
  arch.cores.count = 2;
  arch.shared_levels = {{32 * kMiB, 4096, 1, 10}};
  Machine machine(arch);
  arch.cores.scratchpad.bank_width_bytes *= 8;  // ports are what it waits for
  TileKernel whole = pairs(2, 40, 16, 2);
  whole.pipeline_stages = 4;
  OnChip on_chip;
  for (const std::uint32_t t : {0U, 1U}) on_chip.hold({TensorId{t}, Bytes{2 * 40 * 16 * kClusterTile}, {}});
  const ProgramOutcome all = machine.run(program_of(whole), on_chip, false);
  whole.parted = true;
  const ProgramOutcome parts = machine.run(program_of(whole), on_chip, false);
  EXPECT_NEAR(to_seconds(parts.time) / to_seconds(all.time), 0.75, 0.05);
  EXPECT_EQ(parts.counts.requested_read_bytes, all.counts.requested_read_bytes);
}

// Four cores in clusters and a fifth alone; and items that do not come out even.
TEST(Cluster, WhatIsLeftOverRunsAlone) {
  ArchSpec arch = small_machine();
  arch.cores.count = 5;
  arch.shared_levels = {{kMiB, 96, 1, 10}};
  Machine machine(arch);
  for (const std::uint64_t n : {1, 3, 8}) {
    const TileKernel kernel = pairs(7, n, 5, 5);
    const ProgramOutcome run = machine.run(program_of(kernel), {}, false);
    EXPECT_EQ(run.counts.requested_read_bytes, 2 * 7 * n * 5 * kClusterTile);
    EXPECT_LE(run.counts.multicast_bytes, 7 * n * 5 * kClusterTile / 2);
    EXPECT_GT(run.counts.multicast_bytes, 0U);
  }
}

}  // namespace
}  // namespace orrery::test
