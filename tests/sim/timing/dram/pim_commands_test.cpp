#include "sim/timing/dram/pim_commands.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <iostream>
#include <vector>

#include "sim/config/arch_loader.h"

namespace orrery {
namespace {

// The share by which `tile` is off from every command.
double off_by(const DramSpec& dram, const PimPlan& plan) {
  PimCommands commands(dram, plan);
  const double off = pim_seconds(dram, plan) / commands.run() - 1;
  EXPECT_EQ(commands.counts().activates, plan.rows * 16);
  EXPECT_EQ(commands.counts().reads, plan.columns);
  return std::abs(off);
}

// Over supplies, units and shapes; refreshes apart where too few of them fall into a product for their mean.
TEST(PimCommands, TileIsWithinFivePerCent) {
  double worst = 0, sum = 0;
  int count = 0;
  for (const std::uint32_t activate : {1U, 4U, 16U}) {
    for (const std::uint32_t banks_per_unit : {1U, 2U}) {
      DramSpec dram = load_arch_named("pim/ianus").dram;
      dram.pim->activate_banks = activate;
      dram.pim->window_activates = std::max(4U, activate);
      dram.pim->banks_per_unit = banks_per_unit;
      DramSpec unrefreshed = dram;
      unrefreshed.device.timing.trefi = 1U << 30;
      const double interval_s = dram.device.timing.trefi * dram.device.clock_ns * 1e-9;
      for (const std::uint64_t m : {1, 4}) {
        for (const std::uint64_t n : {6144, 50257}) {
          for (const std::uint64_t k : {64, 500, 1536, 6144}) {
            const PimPlan plan = plan_pim(dram, {1, m, n, k, DType::bf16}, false);
            std::vector<double> offs = {off_by(unrefreshed, plan)};
            if (pim_seconds(dram, plan) > 10 * interval_s) offs.push_back(off_by(dram, plan));
            for (const double off : offs) {
              EXPECT_LT(off, 0.05) << activate << " " << banks_per_unit << " " << m << "x" << n << "x" << k;
              worst = std::max(worst, off);
              sum += off;
              ++count;
            }
          }
        }
      }
    }
  }
  EXPECT_GT(count, 130);
  std::cout << "mean " << sum / count << ", worst " << worst << "\n";
}

TEST(PimCommands, TileIsWithinFivePerCentOfCopiesToo) {
  for (const std::uint32_t activate : {4U, 16U}) {
    DramSpec dram = load_arch_named("pim/ianus").dram;
    dram.pim->activate_banks = dram.pim->window_activates = activate;
    dram.pim->row_copies[static_cast<std::size_t>(DType::bf16)] = 500;
    for (const std::uint64_t m : {1, 16}) {
      for (const std::uint64_t k : {512, 6144}) {
        const PimPlan plan = plan_pim(dram, {1, m, 6144, k, DType::bf16}, false);
        PimCommands commands(dram, plan);
        EXPECT_NEAR(pim_seconds(dram, plan) / commands.run(), 1, 0.05) << activate << " " << m << " " << k;
        EXPECT_EQ(commands.counts().activates, (plan.rows + 2 * plan.copies) * 16);
        EXPECT_GE(commands.counts().refreshes, 1U);
      }
    }
  }
}

// Refreshes come as often as the device wants them, and take their time.
TEST(PimCommands, RefreshesAreKept) {
  DramSpec dram = load_arch_named("pim/ianus").dram;
  const PimPlan plan = plan_pim(dram, {1, 1, 65536, 1536, DType::bf16}, false);
  PimCommands refreshed(dram, plan);
  const double seconds = refreshed.run();
  const double interval_s = dram.device.timing.trefi * dram.device.clock_ns * 1e-9;
  EXPECT_NEAR(static_cast<double>(refreshed.counts().refreshes), seconds / interval_s, 1.5);
  dram.device.timing.trfc = 1;
  EXPECT_LT(PimCommands(dram, plan).run(), 0.97 * seconds);
}

}  // namespace
}  // namespace orrery
