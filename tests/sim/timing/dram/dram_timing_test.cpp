#include "sim/timing/dram/dram_timing.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "sim/config/arch_loader.h"
#include "sim/config/dram_loader.h"
#include "sim/timing/dram/stream_rates.h"
#include "tests/support/small_machine.h"

namespace orrery::test {
namespace {

// Of the peak of its pins: the share that the command scheduler reaches.
double share(const DramDevice& device, double ns_per_burst) {
  return static_cast<double>(device.burst_bytes()) / ns_per_burst / device.peak_gb_per_s();
}

// 0.859 is what `probe dram --pattern rand_8192 --fidelity cycle` finds for HBM2E.
TEST(StreamRates, StreamsReachWhatTheProbeFindsAtCommandLevel) {
  const DramDevice device = load_dram_device("hbm2e-3200");
  const DramStreamRates& rates = stream_rates(device);
  EXPECT_NEAR(share(device, rates.read.ns_per_burst), 0.859, 0.025);  // by where its few blocks fall
  EXPECT_GT(rates.mixed.ns_per_burst,
            (2 * rates.read.ns_per_burst + rates.write.ns_per_burst) / 3);  // the buses turn
  EXPECT_GT(scattered_ns_per_burst(device), rates.read.ns_per_burst);
  EXPECT_EQ(&rates, &stream_rates(device));  // measured once
}

TEST(StreamRates, NoDeviceBeatsItsPinsOrStandsStill) {
  for (const std::string& preset : dram_preset_names()) {
    const DramDevice device = load_dram_device(preset);
    const DramStreamRates& rates = stream_rates(device);
    for (const double ns : {rates.read.ns_per_burst, rates.write.ns_per_burst, rates.mixed.ns_per_burst,
                            scattered_ns_per_burst(device)}) {
      EXPECT_LE(share(device, ns), 1) << preset;
      EXPECT_GT(share(device, ns), 0.02) << preset;
    }
    EXPECT_GT(share(device, rates.read.ns_per_burst), 0.6) << preset;
  }
}

// Twice as long between activates and columns: half the rate, wherever it is asked.
TEST(StreamRates, TimingsMoveTheRates) {
  DramDevice slow = load_dram_device("hbm3-5200");
  const double before = stream_rates(slow).read.ns_per_burst;
  slow.timing.tccd_s *= 2;
  slow.timing.tccd_l *= 2;
  EXPECT_NEAR(stream_rates(slow).read.ns_per_burst / before, 2, 0.25);
}

TEST(StreamRates, OneBankGroupIsBoundByTheLongColumnSpacing) {
  DramDevice ddr4 = load_dram_device("ddr4-3200");
  ddr4.bank_groups = 1;
  EXPECT_NEAR(share(ddr4, stream_rates(ddr4).read.ns_per_burst), 0.5 * (1 - 350.0 / 7800),
              0.02);  // tCCD_L: two bursts
}

// A device smaller than a block, and one that hardly refreshes, are measured as well.
TEST(StreamRates, OddDevicesAreMeasuredInNoTime) {
  DramDevice tiny = load_dram_device("ddr4-3200");
  tiny.rows = 2;
  tiny.page_bytes = 64;
  EXPECT_GT(stream_rates(tiny).mixed.ns_per_burst, 0);
  DramDevice rare = load_dram_device("ddr4-3200");
  const double often = stream_rates(rare).read.ns_per_burst;
  rare.timing.trefi = 400'000'000;
  EXPECT_LT(stream_rates(rare).read.ns_per_burst, often);
  EXPECT_GT(share(rare, stream_rates(rare).read.ns_per_burst), 0.9);
}

// Mixes are watched once their writes drain again and again: 1 ms of `probe dram --fidelity cycle` finds
// 0.781, 0.750 and 0.726 of the peak.
TEST(StreamRates, MixesAreSteadyWhenTheyAreMeasured) {
  for (const auto& [preset, found] :
       {std::pair("hbm2-2400", 0.781), {"hbm3-5200", 0.750}, {"hbm3e-9200", 0.726}}) {
    const DramDevice device = load_dram_device(preset);
    EXPECT_NEAR(share(device, stream_rates(device).mixed.ns_per_burst), found, 0.02) << preset;
  }
}

TEST(DramTiming, IdleReadLatencyIsPrechargeActivateColumnAndBurst) {
  EXPECT_NEAR(DramTiming(small_machine().dram).read_latency_ns(), 13.75 * 3 + 2.5, 1e-9);
}

TEST(DramTiming, RatesAreOfAllChannels) {
  DramSpec dram = small_machine().dram;
  const DramTiming one(dram);
  dram.channels = 8;
  const DramTiming eight(dram);
  EXPECT_NEAR(one.read_ns_per_byte() / eight.read_ns_per_byte(), 8, 1e-9);
  EXPECT_EQ(eight.write_batch_bytes(), 8 * one.write_batch_bytes());
  EXPECT_NEAR(eight.turnaround_ns(), one.turnaround_ns(), 1e-9);  // side by side
  EXPECT_GT(one.turnaround_ns(), 0);
}

}  // namespace
}  // namespace orrery::test
