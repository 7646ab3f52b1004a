// The DRAM block that machines run with is the one that probes drive.

#include "models/dram/tile_dram.h"

#include <gtest/gtest.h>

#include "sim/config/arch_loader.h"
#include "sim/engine/isolate.h"
#include "sim/engine/kernel_run.h"
#include "sim/probe/dram_probe.h"
#include "tests/support/small_machine.h"

namespace orrery::test {
namespace {

double add_gb_per_s(const ArchSpec& arch) {
  const KernelResult r =
      run_kernel(standalone(OperatorKind::add, VectorShape{8192, 16384}, DType::fp16), arch, {});
  return static_cast<double>(r.counts.dram_bytes()) / r.latency_s * 1e-9;
}

// Two streams of reads and one of writes, as an addition has them, on all channels of a machine.
double probed_gb_per_s(const ArchSpec& arch) {
  DramProbe probe;
  probe.dram = arch.dram;
  probe.alike = ceil_div(arch.dram.channels, arch.dram.device.pseudo_channels);
  probe.dram.channels = arch.dram.device.pseudo_channels;
  probe.pattern = "mix21_8192";
  probe.fidelity = ProbeFidelity::tile;
  return run_dram_probe(probe).achieved_gb_per_s;
}

class Streams : public ::testing::TestWithParam<const char*> {};

TEST_P(Streams, AnEndlessAdditionReachesWhatTheProbeFinds) {
  const ArchSpec arch = load_arch_named(GetParam());
  EXPECT_NEAR(add_gb_per_s(arch) / probed_gb_per_s(arch), 1, 0.05);
}

INSTANTIATE_TEST_SUITE_P(Machines, Streams,
                         ::testing::Values("gpu/a100-sxm-80gb", "gpu/h100-sxm", "gpu/mi300x",
                                           "gpu/jetson-agx-orin", "asic/tpu-v5e", "asic/gaudi2",
                                           "asic/edge-npu"));

// What a timing does to the one it does to the other.
TEST(TileDram, ATimingMovesKernelAndProbeAlike) {
  const ArchSpec arch = load_arch_named("asic/tpu-v5e");
  ArchSpec slow = arch;
  slow.dram.device.timing.tccd_s *= 2;
  slow.dram.device.timing.tccd_l *= 2;
  const auto kernel = [](const ArchSpec& a) { return [&a] { return std::to_string(add_gb_per_s(a)); }; };
  const auto added = run_isolated({kernel(arch), kernel(slow)}, 2);
  const double in_kernel = std::stod(added[1]) / std::stod(added[0]);
  const double in_probe = probed_gb_per_s(slow) / probed_gb_per_s(arch);
  EXPECT_LT(in_probe, 0.75);
  EXPECT_NEAR(in_kernel, in_probe, 0.05);
}

DramSpec two_channels() {
  DramSpec spec = small_machine().dram;
  spec.channels = 2;
  return spec;
}

// A burst waits for the stream that came before it, and the next granule for the burst.
TEST(TileDram, EachDoorWaitsForTheOther) {
  TileDram dram(two_channels());
  const Femtoseconds streamed = dram.read(Bytes{kMiB}, false, 0, 0);
  const double tick_ns = dram.channel(0).tick_ns();
  EXPECT_GE(static_cast<double>(dram.read_burst(0, 0, 0).done) * tick_ns, to_seconds(streamed) * 1e9);
  TileDram idle(two_channels());
  for (int i = 0; i < 1000; ++i) idle.read_burst(0, static_cast<std::uint64_t>(i) * 128, 0);
  TileDram fresh(two_channels());
  EXPECT_GT(idle.read(Bytes{4096}, false, 0, 0), 2 * fresh.read(Bytes{4096}, false, 0, 0));
}

// Writes in one long batch cost a turn of the bus for each batch that reads come between, and none without.
TEST(TileDram, TheBusTurnsAsOftenAsReadsAndWritesAlternate) {
  const DramSpec spec = two_channels();
  const Bytes many{16 * DramTiming(spec).write_batch_bytes()};
  TileDram writes(spec);
  writes.write(many, 0, 0);
  const Femtoseconds alone = writes.busy_until();
  TileDram mixed(spec);
  const Femtoseconds reads = mixed.read(many, false, 0, 0);
  mixed.write(many, 0, 0);
  const double turns =
      to_seconds(mixed.busy_until() - reads - alone) * 1e9 / DramTiming(spec).turnaround_ns();
  EXPECT_NEAR(turns, 16, 0.01);
  TileDram few(spec);
  const Femtoseconds little = few.read(many / 16, false, 0, 0);
  few.write(many, 0, 0);
  EXPECT_NEAR(to_seconds(few.busy_until() - little - alone) * 1e9 / DramTiming(spec).turnaround_ns(), 1,
              0.01);
}

}  // namespace
}  // namespace orrery::test
