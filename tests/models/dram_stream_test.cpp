// A streaming read reaches the bandwidth that the DRAM timings allow, not more.

#include <gtest/gtest.h>

#include "sim/config/arch_loader.h"
#include "sim/engine/machine.h"
#include "sim/timing/dram/dram_timing.h"
#include "tests/support/programs.h"
#include "tests/support/small_machine.h"

namespace orrery::test {
namespace {

double streamed_bytes_per_s(const ArchSpec& arch, std::uint32_t cores) {
  Machine machine(arch);
  constexpr std::uint64_t kTile = 32 * kKiB;
  const std::uint64_t stages = 400;
  const TileKernel kernel = load_kernel(cores, stages, kTile, cores, 4);
  const ProgramOutcome run = machine.run(program_of(kernel), {}, false);
  EXPECT_EQ(run.counts.dram_read_bytes, cores * stages * kTile);
  const double fixed = (arch.command.kernel_overhead_ns + arch.command.item_dispatch_ns) * 1e-9;
  return static_cast<double>(run.counts.dram_read_bytes) / (to_seconds(run.time) - fixed);
}

TEST(DramStream, OneDdr4ChannelStreamsWhatItsTimingsAllow) {
  const ArchSpec arch = small_machine();
  const double allowed = DramTiming(arch.dram).stream_bytes_per_s();
  const double reached = streamed_bytes_per_s(arch, 1);
  EXPECT_LE(reached, allowed);
  EXPECT_GT(reached, 0.99 * allowed);
}

TEST(DramStream, A100StreamsWhatItsHbmTimingsAllow) {
  const ArchSpec arch = load_arch_named("gpu/a100-sxm-80gb");
  const double allowed = DramTiming(arch.dram).stream_bytes_per_s();
  EXPECT_LT(allowed, arch.dram.peak_bytes_per_s());
  const double reached = streamed_bytes_per_s(arch, arch.cores.count);
  EXPECT_LE(reached, allowed * (1 + 1e-9));
  EXPECT_GT(reached, 0.98 * allowed);
}

TEST(DramStream, BytesInFlightLimitACoreByLittlesLaw) {
  ArchSpec arch = small_machine();
  arch.dram.controller_latency_ns = 2000;
  Machine machine(arch);
  // One tile of 4 KiB in flight: a round trip each.
  const TileKernel kernel = load_kernel(1, 100, 4 * kKiB, 1, 1);
  const ProgramOutcome run = machine.run(program_of(kernel), {}, false);
  const DramTiming timing(arch.dram);
  const double trip_ns = 2000 + timing.read_latency_ns() + 4096 * timing.read_ns_per_byte();
  EXPECT_NEAR(to_seconds(run.time) * 1e9, 100 * trip_ns, 0.01 * 100 * trip_ns);
}

}  // namespace
}  // namespace orrery::test
