// What streams through a machine's shared levels: as much as its cores' ports and the levels keep up, on
// every machine, by the blocks that run its kernels.

#include <gtest/gtest.h>

#include "sim/config/arch_loader.h"
#include "sim/config/name_lookup.h"
#include "sim/probe/level_stream_probe.h"
#include "tests/support/machine_name.h"

namespace orrery::test {
namespace {

class LevelStream : public testing::TestWithParam<std::string> {};

LevelStreamProbe all_cores(const ArchSpec& arch, std::uint64_t footprint) {
  LevelStreamProbe probe;
  probe.block_bytes = 8 * kKiB;
  probe.footprint_bytes = footprint;
  probe.cores = arch.cores.count;
  return probe;
}

// The slowest of ports, level, ways between partitions, and loads under way.
double expected_bytes_per_s(const ArchSpec& arch) {
  const SramLevelSpec& level = arch.shared_levels.front();
  const double cores = arch.cores.count;
  const double port = arch.network.port_bytes_per_cycle;
  double bytes_per_cycle = std::min(cores * port, level.sustained_bytes_per_cycle());
  if (level.partitions > 1 && level.far_bytes_per_cycle > 0) {
    const double p = level.partitions;
    bytes_per_cycle = std::min(bytes_per_cycle, p * level.far_bytes_per_cycle * p / (p - 1));
  }
  const double block = 8.0 * kKiB;
  const double way = (arch.network.latency_ns + level.latency_ns) * 1e-9 * arch.clock_hz;
  const double in_flight = block * cores * arch.cores.max_pipeline_stages;
  return std::min(bytes_per_cycle, in_flight / (way + block / port)) * arch.clock_hz;
}

TEST_P(LevelStream, IsWhatPortsAndLevelKeepUp) {
  const ArchSpec arch = load_arch_named(GetParam());
  const double ports = arch.cores.count * arch.network.port_bytes_per_cycle * arch.clock_hz * 1e-9;
  if (arch.shared_levels.empty()) {  // DRAM is all there is behind the cores
    const SramProbeResult r = run_level_stream_probe(arch, all_cores(arch, kMiB));
    EXPECT_TRUE(r.levels.empty());
    EXPECT_LE(r.gb_per_s, std::min(ports, arch.dram.peak_bytes_per_s() * 1e-9));
    EXPECT_GT(r.gb_per_s, 0);
    return;
  }
  const std::uint64_t fits = arch.shared_levels.front().size_bytes / 4 / (8 * kKiB) * (8 * kKiB);
  const SramProbeResult r = run_level_stream_probe(arch, all_cores(arch, fits));
  EXPECT_EQ(r.levels.front().hit_rate, 1);
  if (arch.network.routed) {  // it multicasts what all read: more than the level gives, but for the ports
    EXPECT_LE(r.gb_per_s, ports);
    EXPECT_GT(r.gb_per_s, 0.1 * ports);
    return;
  }
  const double expected = expected_bytes_per_s(arch) * 1e-9;
  EXPECT_LE(r.gb_per_s, 1.01 * expected);
  EXPECT_GE(r.gb_per_s, 0.93 * expected) << r.latency_cycles;
}

INSTANTIATE_TEST_SUITE_P(AllMachines, LevelStream, testing::ValuesIn(arch_names()), machine_test_name);

// A level with half its rate streams half as much, here as in a kernel; one core's chain of loads is bound by
// the way there and back.
TEST(LevelStreamProbe, FollowsTheLevelsRate) {
  ArchSpec arch = load_arch_named("gpu/a100-sxm-80gb");
  SramLevelSpec& level = arch.shared_levels.front();
  level.bytes_per_cycle /= 2;
  const SramProbeResult r = run_level_stream_probe(arch, all_cores(arch, 4 * kMiB));
  EXPECT_NEAR(r.bytes_per_cycle, level.sustained_bytes_per_cycle(), 0.02 * level.sustained_bytes_per_cycle());
}

TEST(LevelStreamProbe, BeyondTheLevelsDramPaces) {
  const ArchSpec arch = load_arch_named("gpu/a100-sxm-80gb");
  LevelStreamProbe probe = all_cores(arch, 48 * kMiB);
  probe.cores = 4;
  const SramProbeResult r = run_level_stream_probe(arch, probe);
  EXPECT_NEAR(r.levels.front().hit_rate, 0.75, 0.02);  // one core brings what the four read
}

TEST(LevelStreamProbe, AChainOfLoadsWaitsForEach) {
  const ArchSpec arch = load_arch_named("gpu/v100-sxm2");
  LevelStreamProbe probe;
  probe.block_bytes = 128;
  probe.footprint_bytes = kMiB;
  probe.chase = true;
  const SramProbeResult r = run_level_stream_probe(arch, probe);
  const double cycles =
      (arch.network.latency_ns + arch.shared_levels.front().latency_ns) * 1e-9 * arch.clock_hz;
  EXPECT_GE(r.latency_cycles, cycles);
  EXPECT_LE(r.latency_cycles, cycles + 20);  // and the port's, and the pad's
}

}  // namespace
}  // namespace orrery::test
