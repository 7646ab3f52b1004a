#include "sim/timing/dram/pim_timing.h"

#include <gtest/gtest.h>

#include "sim/config/arch_loader.h"

namespace orrery {
namespace {

DramSpec memory() {
  DramSpec dram = load_arch_named("pim/ianus").dram;
  dram.pim->activate_banks = dram.pim->window_activates = 16;
  return dram;
}

// 4,096 columns over 8 channels of 16 banks: 32 of a bank, each 1,024 long: one row of 2 KiB.
TEST(PimTiming, LaysAProductOutBankByBank) {
  const PimPlan plan = plan_pim(memory(), {1, 1, 4096, 1024, DType::bf16}, false);
  EXPECT_EQ(plan.channels, 8U);
  EXPECT_EQ(plan.rows, 32U);
  EXPECT_EQ(plan.columns, 32U * 64);
  EXPECT_EQ(plan.input_bursts, 64U);                 // 2 KiB, to each channel
  EXPECT_EQ(plan.result_bursts, 32U * 16 * 4 / 32);  // a sum of 32 bits of each column
  EXPECT_DOUBLE_EQ(plan.interval_ns, 1);
}

// By hand: 36 ns until all banks are read, 64 columns at 1 ns, 2.5 (5 clocks of tRTP), 30 to close; 1 / 15 of
// the time goes to refreshes of 150 ns every 1,900.
TEST(PimTiming, ARowTakesItsOpeningItsColumnsAndItsClosing) {
  const DramSpec dram = memory();
  const PimPlan plan = plan_pim(dram, {1, 1, 4096 * 16, 1024, DType::bf16}, false);
  const double row = 36 + 64 + 2.5 + 30;
  EXPECT_NEAR(pim_seconds(dram, plan) * 1e9, 512 * row / (1 - 150.0 / 1900), 0.01 * 512 * row);
}

// With two vectors that the buffer holds rows are opened once; with more inputs than it holds, again.
TEST(PimTiming, RowsStayOpenForTheInputsThatAreHeld) {
  const PimProduct short_ones = {1, 2, 4096, 512, DType::bf16};
  EXPECT_EQ(plan_pim(memory(), short_ones, false).rows, 16U);
  const PimProduct long_ones = {1, 2, 4096, 1024, DType::bf16};
  EXPECT_EQ(plan_pim(memory(), long_ones, false).rows, 64U);
}

// Sums that a unit has no place for leave it a piece of the inputs at a time.
TEST(PimTiming, PartialSumsAreReadWhereAUnitHasNoPlace) {
  DramSpec dram = memory();
  const PimProduct product = {1, 1, 4096, 4096, DType::bf16};
  const std::uint64_t pieces = plan_pim(dram, product, false).result_bursts;
  dram.pim->sums = 32;
  EXPECT_EQ(plan_pim(dram, product, false).result_bursts * 4, pieces);
}

// Bit by bit: 16 bit lines of each of 8 x 16 banks' 16,384 are left over by 4,096 columns of 512, which lie
// in one row's width of bit lines (32 x 512); each vector takes its copies, 16 more to lay its inputs beside
// them, and 32 rows of products for the units to add up.
TEST(PimTiming, BitLinesMultiplyInCopiesOfRows) {
  DramSpec dram = memory();
  dram.pim->row_copies[static_cast<std::size_t>(DType::bf16)] = 500;
  const PimPlan plan = plan_pim(dram, {1, 3, 4096, 512, DType::bf16}, false);
  EXPECT_EQ(plan.copies, 3U * (500 + 16));
  EXPECT_EQ(plan.rows, 3U * 32);
  EXPECT_EQ(plan.columns, 3U * 32 * 64);
  EXPECT_EQ(plan_pim(dram, {1, 3, 4097, 512, DType::bf16}, false).copies, 4U * (500 + 16));
  // 1,024 vectors over 128 banks, 8 each, fill the bit lines where 129 columns would fill half of them.
  const PimPlan vectors = plan_pim(dram, {1, 1024, 129, 512, DType::bf16}, false);
  EXPECT_EQ(vectors.copies, (8U * 129 * 512 / 16384 + 1) * (500 + 16));
  EXPECT_EQ(vectors.input_bursts, 32U * (129 + 1024 / 8));
  const DramTimings& t = dram.device.timing;
  EXPECT_DOUBLE_EQ(plan.copy_ns, (t.tras + t.trp) * dram.device.clock_ns);  // a supply for all banks
  const double copying = static_cast<double>(plan.copies) * plan.copy_ns * 1e-9;
  EXPECT_GT(pim_seconds(dram, plan), copying / (1 - 150.0 / 1900));
  EXPECT_LT(pim_seconds(dram, plan), 1.5 * copying);
  EXPECT_GE(pim_seconds(dram, plan), pim_bound_s(dram, plan.product));
  // Where the supply opens four banks in tFAW, two rows of all sixteen take eight of it.
  dram.pim->activate_banks = dram.pim->window_activates = 4;
  EXPECT_NEAR(plan_pim(dram, plan.product, false).copy_ns,
              std::max((8.0 * t.tfaw), 3.0 * t.tfaw + t.tras + t.trp) * dram.device.clock_ns, 1e-9);
}

// Heads apart fill the banks of a channel, where over all channels a bank would get one short column.
TEST(PimTiming, SmallMatricesGoApart) {
  const DramSpec dram = memory();
  const PimProduct heads = {96, 1, 32, 64, DType::bf16};
  EXPECT_LT(pim_seconds(dram, plan_pim(dram, heads, true)),
            0.5 * pim_seconds(dram, plan_pim(dram, heads, false)));
}

TEST(PimTiming, SupplyLimitsActivations) {
  DramSpec dram = memory();
  const PimProduct product = {1, 1, 65536, 1024, DType::bf16};
  const double all_at_once = pim_seconds(dram, plan_pim(dram, product, false));
  dram.pim->activate_banks = 1;
  dram.pim->window_activates = 4;
  EXPECT_GT(pim_seconds(dram, plan_pim(dram, product, false)), 1.3 * all_at_once);
}

TEST(PimTiming, NothingBeatsTheBound) {
  const DramSpec dram = memory();
  for (const std::uint64_t m : {1, 3, 16}) {
    for (const std::uint64_t n : {16, 1000, 50257}) {
      for (const std::uint64_t k : {64, 1536, 6144}) {
        const PimProduct p = {1, m, n, k, DType::bf16};
        EXPECT_LT(pim_bound_s(dram, p), pim_seconds(dram, plan_pim(dram, p, false)))
            << m << " " << n << " " << k;
      }
    }
  }
}

}  // namespace
}  // namespace orrery
