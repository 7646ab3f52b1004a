// A chip at its cap: the clock that fits, and what becomes of time and energy.

#include "sim/engine/power_cap.h"

#include <gtest/gtest.h>

#include "sim/config/arch_loader.h"
#include "sim/engine/kernel_run.h"
#include "sim/estimate/energy.h"
#include "tests/support/small_machine.h"

namespace orrery::test {
namespace {

// 1 mJ of MACs at nominal in 100 us (10 W) beside 1 W static; all of the time follows the clock.
TEST(PowerCap, TheClockFallsWithTheCubeOfThePowerOfWhatFollowsIt) {
  ArchSpec arch = small_machine();
  arch.min_voltage_share = 0.2;
  ActivityCounts counts;
  counts.macs[static_cast<std::size_t>(DType::fp16)] = 1'000'000'000;  // 1 pJ each
  TimeSplit split;
  split.add(TimeCategory::compute, from_seconds(100e-6));
  EXPECT_EQ(capped_clock_factor(arch, counts, split, 1), 1);  // no cap
  arch.power_cap_w = 11.1;
  EXPECT_EQ(capped_clock_factor(arch, counts, split, 1), 1);  // it fits
  arch.power_cap_w = 6;                                       // 5 W left of 10: V^2 f = 1/2
  EXPECT_NEAR(capped_clock_factor(arch, counts, split, 1), std::cbrt(0.5), 1e-3);
  // Waiting for DRAM does not follow the clock: a small step down saves enough.
  TimeSplit memory;
  memory.add(TimeCategory::dram, from_seconds(100e-6));
  EXPECT_NEAR(capped_clock_factor(arch, counts, memory, 1), std::sqrt(0.5), 1e-3);
}

TEST(PowerCap, ACappedBoardIsSlowerAndKeepsToItsCap) {
  ArchSpec arch = load_arch_named("gpu/a100-sxm-80gb");
  arch.power_cap_w = 250;
  const KernelResult capped = run_kernel(standalone_matmul({1, 4096, 4096, 4096}, DType::fp16), arch, {});
  EXPECT_LT(capped.clock_ghz, 1.35);
  EXPECT_NEAR(capped.power_w, 250, 10);
  EXPECT_GT(capped.cycles, 1.05 * capped.latency_s * capped.clock_ghz * 1e9);  // cycles are nominal ones
}

}  // namespace
}  // namespace orrery::test
