// Levels between scratchpads and DRAM: each keeps what fits it, and passes the rest on.

#include "models/memory/shared_levels.h"

#include <gtest/gtest.h>

#include "sim/engine/machine.h"
#include "sim/estimate/energy.h"
#include "tests/support/programs.h"
#include "tests/support/small_machine.h"

namespace orrery::test {
namespace {

constexpr std::uint64_t kLevelTile = 16 * kKiB;
constexpr std::uint64_t kTiles = 512;  // 8 MiB

// `passes` work items that each read the same 8 MiB, one after the other.
Program repeated_reads(std::uint64_t passes) {
  TileKernel kernel = load_kernel(passes, kTiles, kLevelTile, 1, 4);
  kernel.inputs[0].by_m = false;
  kernel.inputs[0].tensor_bytes = Bytes{kTiles * kLevelTile};
  return program_of(kernel);
}

ArchSpec machine_with(std::uint64_t inner_bytes, std::vector<std::uint64_t> outer_bytes) {
  ArchSpec arch = small_machine();
  arch.shared_levels = {{inner_bytes, 256, 1, 10}};
  for (const std::uint64_t bytes : outer_bytes) arch.shared_levels.push_back({bytes, 64, 1, 30});
  return arch;
}

TEST(SharedLevels, AnOuterLevelKeepsWhatTheInnerOneCannot) {
  const ArchSpec arch = machine_with(kMiB, {16 * kMiB});
  Machine machine(arch);
  const ProgramOutcome run = machine.run(repeated_reads(3), {}, false);
  EXPECT_EQ(run.counts.levels[0].read_bytes, 3 * kTiles * kLevelTile);
  EXPECT_EQ(run.counts.levels[0].fill_bytes, 3 * kTiles * kLevelTile);  // 8 MiB pass through 1 MiB: no reuse
  EXPECT_EQ(run.counts.outer(&LevelCounts::read_bytes), 3 * kTiles * kLevelTile);
  EXPECT_EQ(run.counts.dram_read_bytes, kTiles * kLevelTile);  // once
  // The first pass at the DRAM's pace, the others at the outer level's 64 GB/s.
  const double first = kTiles * kLevelTile / arch.dram.peak_bytes_per_s();
  const double later = 2 * kTiles * kLevelTile / 64e9;
  EXPECT_GT(to_seconds(run.time), first + later);
  EXPECT_LT(to_seconds(run.time), 1.15 * (first + later));
  // It costs the energy of its accesses, too.
  EXPECT_GT(
      energy(run.counts, 0, 1, arch).sram.value(),
      8e-12 * 0.1 *
          static_cast<double>(run.counts.levels[0].read_bytes + run.counts.outer(&LevelCounts::read_bytes)));
}

TEST(SharedLevels, ThreeLevelsEachServeTheMissesOfTheOneBefore) {
  const ArchSpec arch = machine_with(64 * kKiB, {kMiB, 16 * kMiB});
  Machine machine(arch);
  const ProgramOutcome run = machine.run(repeated_reads(2), {}, false);
  const std::uint64_t bytes = kTiles * kLevelTile;
  EXPECT_EQ(run.counts.outer(&LevelCounts::read_bytes), 2 * bytes + 2 * bytes);  // both outer levels
  EXPECT_EQ(run.counts.outer(&LevelCounts::fill_bytes), 2 * bytes + bytes);
  EXPECT_EQ(run.counts.dram_read_bytes, bytes);
}

TEST(SharedLevels, WhatIsWrittenStaysInTheOutermostForTheNextKernel) {
  const ArchSpec arch = machine_with(kMiB, {16 * kMiB});
  Machine machine(arch);
  TileKernel writer = load_kernel(kTiles, 1, 64, 1, 4);
  KernelOperand out = writer.inputs[0];
  out.tensor = TensorId{1};
  out.by_k = false;
  out.cols = fixed_length(kLevelTile);
  out.tensor_bytes = Bytes{kTiles * kLevelTile};
  writer.outputs = {out};
  const ProgramOutcome run = machine.run(program_of(writer), {}, false);
  EXPECT_EQ(run.counts.outer(&LevelCounts::write_bytes), kTiles * kLevelTile);
  EXPECT_EQ(run.counts.dram_write_bytes, 0U);
  Bytes dirty;
  for (const ResidentTensor& r : run.on_chip.tensors) dirty += r.dirty_bytes;
  EXPECT_EQ(dirty.value(), kTiles * kLevelTile);
}

}  // namespace
}  // namespace orrery::test
