// A chip at its cap: the clock that fits, and what becomes of time and energy.

#include "sim/engine/power_cap.h"

#include <gtest/gtest.h>

#include <cmath>
#include <set>

#include "sim/config/arch_loader.h"
#include "sim/engine/kernel_run.h"
#include "sim/estimate/energy.h"
#include "sim/util/errors.h"
#include "tests/support/small_machine.h"

namespace orrery::test {
namespace {

// 1 mJ of MACs at nominal in 100 us (10 W) beside 1 W static; all of the time follows the clock.
TEST(PowerCap, TheClockFallsWithTheCubeOfThePowerOfWhatFollowsIt) {
  ArchSpec arch = small_machine();
  arch.min_voltage_share = 0.2;
  ActivityCounts counts;
  counts.macs[static_cast<std::size_t>(DType::fp16)] = 1'000'000'000;  // 1 pJ each
  std::set<double> clocks;
  const auto fitting = [&](TimeCategory what) {
    clocks.clear();
    const CappedRun run = run_under_cap(arch, "a kernel", [&](double factor) {
      EXPECT_TRUE(clocks.insert(factor).second) << factor << " was run before";
      ProgramOutcome outcome;
      outcome.counts = counts;
      outcome.time = from_seconds(what == TimeCategory::compute ? 100e-6 / factor : 100e-6);
      outcome.split.add(what, outcome.time);
      return outcome;
    });
    return run.clock_factor;
  };
  EXPECT_EQ(fitting(TimeCategory::compute), 1);  // no cap
  arch.power_cap_w = 11.1;
  EXPECT_EQ(fitting(TimeCategory::compute), 1);  // it fits
  EXPECT_EQ(clocks.size(), 1U);
  arch.power_cap_w = 6;  // 5 W left of 10: V^2 f = 1/2
  EXPECT_NEAR(fitting(TimeCategory::compute), std::cbrt(0.5), 0.011);
  EXPECT_LE(fitting(TimeCategory::compute), std::cbrt(0.5));
  EXPECT_LE(clocks.size(), 3U);
  // Waiting for DRAM does not follow the clock: a small step down saves enough.
  EXPECT_NEAR(fitting(TimeCategory::dram), std::sqrt(0.5), 0.011);
}

// The split says that all of the time follows the clock; none does (or some of what is hidden does). The
// guesses are too high again and again.
TEST(PowerCap, AMisledSearchStillFindsTheClock) {
  ArchSpec arch = small_machine();
  arch.min_voltage_share = 0.2;
  for (const double watts : {9.0, 6.0, 3.5, 2.0}) {
    arch.power_cap_w = watts;
    int runs = 0;
    const auto run_at = [&](double) {
      ++runs;
      ProgramOutcome outcome;
      outcome.counts.macs[static_cast<std::size_t>(DType::fp16)] = 1'000'000'000;
      outcome.time = from_seconds(100e-6);
      outcome.split.add(TimeCategory::compute, outcome.time);
      return outcome;
    };
    const double right = std::sqrt((watts - 1) / 10);
    for (const double first : {1.0, 0.8, right}) {
      runs = 0;
      const CappedRun run = run_under_cap(arch, "a kernel", run_at, first);
      EXPECT_LE(run.clock_factor, right + 1e-9) << watts << " from " << first;
      EXPECT_GT(run.clock_factor, 0.9 * right) << watts << " from " << first;
      EXPECT_LE(runs, 9);
    }
  }
}

// The guess follows the same law, and says nothing where there is no cap.
TEST(PowerCap, TheFirstClockIsGuessedFromAnEstimate) {
  ArchSpec arch = small_machine();
  arch.min_voltage_share = 0.2;
  ActivityCounts counts;
  counts.macs[static_cast<std::size_t>(DType::fp16)] = 1'000'000'000;
  EXPECT_EQ(guess_clock(arch, counts, 100e-6, 0), 1);
  arch.power_cap_w = 20;
  EXPECT_EQ(guess_clock(arch, counts, 100e-6, 0), 1);
  arch.power_cap_w = 6;
  EXPECT_NEAR(guess_clock(arch, counts, 100e-6, 0), std::cbrt(0.5), 0.011);
  EXPECT_NEAR(guess_clock(arch, counts, 100e-6, 50e-6), std::cbrt(0.5),
              0.011);  // memory is waited for by few
  const double waits = guess_clock(arch, counts, 100e-6, 100e-6);
  EXPECT_LT(waits, std::cbrt(0.5) - 0.02);
  EXPECT_GT(waits, std::sqrt(0.5) - 0.011);
}

// Where power hardly follows the clock, two clocks tell more than each by itself.
TEST(PowerCap, AFlatKernelsClockIsFoundInFewRuns) {
  ArchSpec arch = small_machine();
  arch.min_voltage_share = 0.2;
  arch.power_cap_w = 9;
  int runs = 0;
  const CappedRun run = run_under_cap(arch, "a kernel", [&](double factor) {
    ++runs;
    ProgramOutcome outcome;
    outcome.counts.macs[static_cast<std::size_t>(DType::fp16)] = 500'000'000;
    outcome.time = from_seconds(50e-6 * (0.9 + 0.1 / factor));
    outcome.split.add(TimeCategory::compute, outcome.time);
    return outcome;
  });
  EXPECT_LE(runs, 5);
  EXPECT_LE(kernel_power_w(arch, run.run.counts, to_seconds(run.run.time), run.clock_factor), 9);
  EXPECT_GT(kernel_power_w(arch, run.run.counts, to_seconds(run.run.time), run.clock_factor), 8.8);
}

TEST(PowerCap, ACapThatCannotBeKeptIsRefused) {
  ArchSpec arch = load_arch_named("gpu/h100-sxm");
  for (const double watts : {1.0, 50.0, 90.0}) {
    arch.power_cap_w = watts;
    EXPECT_THROW(check_power_cap(arch), ConfigError) << watts;
  }
  arch.power_cap_w = 100;  // more than at rest, but not enough for a product at the least clock
  check_power_cap(arch);
  for (const Fidelity fidelity : {Fidelity::tile, Fidelity::roofline}) {
    RunnerOptions options;
    options.fidelity = fidelity;
    const auto run = [&] {
      return run_kernel(standalone_matmul({1, 4096, 4096, 4096}, DType::fp16), arch, options);
    };
    if (fidelity == Fidelity::tile) {
      EXPECT_THROW(run(), ConfigError);
    } else {
      EXPECT_LE(run().power_w, 100 * (1 + 1e-9));  // a bound keeps its cap too
    }
  }
}

TEST(PowerCap, ACappedBoardIsSlowerAndKeepsToItsCap) {
  ArchSpec arch = load_arch_named("gpu/a100-sxm-80gb");
  arch.power_cap_w = 250;
  const KernelResult capped = run_kernel(standalone_matmul({1, 4096, 4096, 4096}, DType::fp16), arch, {});
  EXPECT_LT(capped.clock_ghz, 1.35);
  EXPECT_LE(capped.power_w, 250);
  EXPECT_GT(capped.power_w, 240);
  EXPECT_GT(capped.cycles, 1.05 * capped.latency_s * capped.clock_ghz * 1e9);  // cycles are nominal ones
}

}  // namespace
}  // namespace orrery::test
