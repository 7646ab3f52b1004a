// Dies, yield, areas and the price of a chip against figures worked out by hand or published.

#include <gtest/gtest.h>

#include <cmath>

#include "sim/config/technology.h"
#include "sim/estimate/chip_cost.h"
#include "sim/util/errors.h"

namespace orrery::test {
namespace {

TEST(ChipCost, DiesPerWafer) {
  // 100 mm2 without scribe on 300 mm: floor(706.86 - 66.64).
  EXPECT_EQ(dies_per_wafer(100, 300, 0), 640);
  // An 814 mm2 die: 62 or 63 candidates are commonly quoted.
  EXPECT_NEAR(dies_per_wafer(814, 300, 0.1), 63, 2);
  EXPECT_EQ(dies_per_wafer(100'000, 300, 0), 0);
}

TEST(ChipCost, YieldIsNegativeBinomial) {
  EXPECT_DOUBLE_EQ(die_yield(100, 0, 3), 1);
  EXPECT_NEAR(die_yield(100, 0.1, 3), std::pow(1 + 0.1 / 3, -3), 1e-12);
  // Without clustering it tends to Poisson.
  EXPECT_NEAR(die_yield(800, 0.1, 1e7), std::exp(-0.8), 1e-6);
  EXPECT_LT(die_yield(800, 0.1, 3), die_yield(400, 0.1, 3));
}

TEST(ChipCost, PartsAddUpAndSparesHelp) {
  ChipCostInputs in;
  in.die_mm2 = 800;
  in.wafer_price = 17000;
  in.defects_per_cm2 = 0.1;
  in.package_price = 700;
  in.memory_gb = 80;
  in.memory_price_per_gb = 15;
  in.test_share = 0.1;
  const ChipCost whole = chip_cost(in);
  EXPECT_NEAR(whole.total(), whole.silicon + whole.package + whole.memory + whole.test, 1e-9);
  EXPECT_DOUBLE_EQ(whole.memory, 1200);
  EXPECT_NEAR(whole.silicon, 17000 / (dies_per_wafer(800, 300, 0) * whole.yield), 1e-9);
  in.spare_share = 0.3;
  EXPECT_LT(chip_cost(in).silicon, whole.silicon);
  in.spare_share = 0;
  in.dies = 2;
  EXPECT_DOUBLE_EQ(chip_cost(in).silicon, 2 * whole.silicon);
}

// Two chiplets of 400 mm2 cost less silicon than one die of 800, though links take a share of each; a package
// of eight parts, one of which fails in a hundred, takes all it holds along.
TEST(ChipCost, Chiplets) {
  ChipCostInputs one;
  one.die_mm2 = 800;
  one.wafer_price = 17000;
  one.defects_per_cm2 = 0.1;
  one.die_to_die_share = 0.08;
  const ChipCost whole = chip_cost(one);
  EXPECT_NEAR(whole.yield, die_yield(800, 0.1, 3), 1e-12);  // no links within one die
  ChipCostInputs two = one;
  two.die_mm2 = 400;
  two.dies = 2;
  const ChipCost halves = chip_cost(two);
  EXPECT_NEAR(halves.yield, die_yield(432, 0.1, 3), 1e-12);
  EXPECT_LT(halves.silicon, whole.silicon);
  two.memory_gb = 96;
  two.memory_price_per_gb = 15;
  two.package_price = 700;
  const ChipCost sound = chip_cost(two);
  two.assembly_yield = 0.99;
  two.placed_parts = 8;
  const ChipCost placed = chip_cost(two);
  EXPECT_NEAR(placed.total(), sound.total() / std::pow(0.99, 8), 1e-9 * placed.total());
}

// N5: 0.10 to 0.11 defects a cm2 at its volume start, under 0.10 a quarter later, 0.06 after two years
// (AnandTech 2019, 2020): the table's 0.08 with its learning stays within a fifth of each.
TEST(ChipCost, DefectsFallWithTheAgeOfANode) {
  const Technology t = load_technology();
  const auto defects = [&](double quarters) {
    return t.process(5).defects_per_cm2.typical * defect_learning(quarters, t.defect_reference_quarters,
                                                                  t.defect_initial,
                                                                  t.defect_learning_quarters);
  };
  EXPECT_NEAR(defects(0), 0.105, 0.2 * 0.105);
  EXPECT_NEAR(defects(1), 0.10, 0.2 * 0.10);
  EXPECT_NEAR(defects(8), 0.06, 0.2 * 0.06);
  EXPECT_DOUBLE_EQ(defect_learning(t.defect_reference_quarters, t.defect_reference_quarters, 2, 4), 1);
}

TEST(ChipCost, CapitalRecovery) {
  EXPECT_DOUBLE_EQ(capital_recovery_factor(0, 4), 0.25);
  // 10 % over 5 years: 0.2638 (any table).
  EXPECT_NEAR(capital_recovery_factor(0.1, 5), 0.2638, 1e-4);
}

}  // namespace
}  // namespace orrery::test
