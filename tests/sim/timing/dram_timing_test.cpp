#include "sim/timing/dram_timing.h"

#include <gtest/gtest.h>

#include "sim/config/arch_loader.h"
#include "tests/support/small_machine.h"

namespace orrery::test {
namespace {

// Streaming throughput of whole simulators with the same timings (DRAMsim3, Ramulator 2.1): within 3 points.
TEST(DramTiming, StreamsWhatRamulatorAndDramsimStream) {
  DramSpec hbm2 = load_arch_named("asic/tpu-v4i").dram;  // HBM2 at 2400 Mbps
  hbm2.channels = 1;
  // Streams that interleave reach less, as the command scheduler finds (cycle fidelity, runs of 8 KiB).
  const double mixed = DramTiming(hbm2).stream_bytes_per_s() / hbm2.peak_bytes_per_s();
  EXPECT_NEAR(mixed, hbm2.mixed_stream_share, 1e-6);
  hbm2.mixed_stream_share = 0;
  const double share = DramTiming(hbm2).stream_bytes_per_s() / hbm2.peak_bytes_per_s();
  EXPECT_NEAR(share, 1 - 421.0 / 4682, 0.03);  // the bound that both tools reach to 0.974-0.996
}

TEST(DramTiming, RandomBurstsAreBoundByFourActivatesAWindow) {
  const DramSpec ddr4 = small_machine().dram;
  const DramTiming timing(ddr4);
  // 64-byte bursts to new rows: 4 every tFAW = 21.25 ns, less refresh.
  const double bytes_per_s = 64 * 1000 / (timing.busy_ns(64 * 1000, 64) * 1e-9);
  EXPECT_NEAR(bytes_per_s, 4 * 64 / 21.25e-9 * (1 - 350.0 / 7800), 1e6);
}

TEST(DramTiming, OneBankGroupIsBoundByTheLongColumnSpacing) {
  DramSpec ddr4 = small_machine().dram;
  ddr4.bank_groups = 1;
  const double slow = DramTiming(ddr4).stream_bytes_per_s();
  EXPECT_NEAR(slow, 12.8e9 * (1 - 350.0 / 7800), 1e7);  // tCCD_L is twice the burst
}

TEST(DramTiming, IdleReadLatencyIsPrechargeActivateColumnAndBurst) {
  EXPECT_NEAR(DramTiming(small_machine().dram).read_latency_ns(), 13.75 * 3 + 2.5, 1e-9);
}

TEST(DramTiming, AWriteCostsMoreTheSmallerTheBatchItDrainsIn) {
  EXPECT_GT(DramTiming(small_machine().dram).turnaround_ns(), 15);
  EXPECT_EQ(DramTiming(small_machine().dram).write_batch_bytes(), 32U * 64);
}

}  // namespace
}  // namespace orrery::test
