// Monte Carlo, tornado and crossover on figures with a closed form, and ownership worked out by hand.

#include <gtest/gtest.h>

#include <chrono>
#include <cmath>

#include "sim/estimate/chip_cost.h"
#include "sim/estimate/ownership.h"
#include "sim/estimate/uncertainty.h"

namespace orrery::test {
namespace {

std::vector<CostVariable> two() {
  return {{"a", {0, 1, 2, "", "", ""}, false}, {"b", {1, 1, 1, "", "", ""}, false}};
}

TEST(Uncertainty, TriangularDrawsHaveTheirQuantiles) {
  const Evaluate value = [](const std::vector<double>& d) { return std::vector<double>{d[0], d[1]}; };
  const MonteCarlo drawn = monte_carlo(two(), value, 200'000, 1);
  // Symmetric triangle on 0 to 2: the share below x is x^2 / 2 up to 1.
  EXPECT_NEAR(drawn.spread[0].p10, std::sqrt(0.2), 0.02);
  EXPECT_NEAR(drawn.spread[0].p50, 1, 0.02);
  EXPECT_NEAR(drawn.spread[0].p90, 2 - std::sqrt(0.2), 0.02);
  EXPECT_DOUBLE_EQ(drawn.spread[1].p90, 1);
  EXPECT_NEAR(drawn.beats[0][1], 0.5, 0.005);  // four standard deviations
  // The same seed, the same draws.
  EXPECT_EQ(monte_carlo(two(), value, 500, 7).spread[0].p10, monte_carlo(two(), value, 500, 7).spread[0].p10);
  EXPECT_NE(monte_carlo(two(), value, 500, 7).spread[0].p10, monte_carlo(two(), value, 500, 8).spread[0].p10);
}

TEST(Uncertainty, TornadoPutsTheLargestSwingFirst) {
  std::vector<CostVariable> variables = two();
  variables.push_back({"c", {0, 1, 4, "", "", ""}, false});
  const Evaluate value = [](const std::vector<double>& d) { return std::vector<double>{d[0] + 10 * d[2]}; };
  const auto bars = tornado(variables, value, 0);
  ASSERT_EQ(bars.size(), 2U);  // b is exact
  EXPECT_EQ(bars[0].variable, "c");
  EXPECT_DOUBLE_EQ(bars[0].at_low, 1);
  EXPECT_DOUBLE_EQ(bars[0].at_high, 41);
}

TEST(Uncertainty, CrossoverFindsWhereTwoOptionsChangePlaces) {
  // 100 / x against 5: equal at 20.
  const Evaluate value = [](const std::vector<double>& d) { return std::vector<double>{100 / d[0], 5}; };
  const auto at = crossover(two(), 0, 0.1, 1000, 0, 1, value);
  ASSERT_TRUE(at.has_value());
  EXPECT_NEAR(*at, 20, 1e-6);
  EXPECT_FALSE(crossover(two(), 0, 0.1, 10, 0, 1, value).has_value());
}

// One chip that serves what is asked around the clock.
struct Study {
  CostScenario scenario;
  CostOption option;
  ServedOption served;

  VariableId add(const char* name, double value) {
    scenario.variables.push_back({name, Estimate::exactly(value), false});
    return scenario.variables.size() - 1;
  }
  Study() {
    scenario.input = 100;
    scenario.output = 100;
    scenario.peak_tokens_per_s = add("peak", 1000);
    scenario.years = add("years", 4);
    scenario.discount_rate = add("rate", 0);
    scenario.residual_share = add("residual", 0);
    scenario.electricity_per_kwh = add("electricity", 0.1);
    scenario.pue = add("pue", 1.5);
    scenario.colocation_per_kw_month = add("colocation", 0);
    scenario.staff_per_year = add("staff", 0);
    scenario.network_share = add("network", 0);
    scenario.grid_gco2_per_kwh = add("grid", 500);
    scenario.embodied_kgco2_per_cm2 = add("embodied", 0);
    scenario.embodied_kgco2_per_gb = add("embodied_gb", 0);
    scenario.utilisation = add("utilisation", 1);
    option.chip_price = add("chip", 20000);
    option.rent_per_hour = add("rent", 2);
    option.server_price = add("server", 8000);
    option.host_w = add("host", 500);
    option.licence_per_year = add("licence", 0);
    option.engineering_price = add("engineering", 0);
    option.throughput_factor = add("error", 1);
    option.chips_per_server = 1;
    option.has_rent = true;
    served.output_tokens_per_s = 1000;
    served.power_w = 500;
    served.idle_w = 100;
    served.prefill_share = 0.25;
  }
  OwnershipCost cost() const { return own(scenario, option, served, typical_draw(scenario.variables)); }
};

TEST(Ownership, OneChipByHand) {
  const Study study;
  const OwnershipCost c = study.cost();
  EXPECT_DOUBLE_EQ(c.chips, 1);
  EXPECT_DOUBLE_EQ(c.capital, 28000.0 / 4);
  EXPECT_NEAR(c.electricity, 1.0 * 1.5 * 8766 * 0.1, 1e-9);  // 1 kW, PUE 1.5
  EXPECT_NEAR(c.joule_per_token, 1.5, 1e-12);                // 1000 W x 1.5 over 1000 tokens/s
  const double m_tokens = 1000.0 * 8766 * 3600 / 1e6;
  EXPECT_NEAR(c.usd_per_m_all, c.total() / m_tokens, 1e-12);
  EXPECT_NEAR(c.usd_per_m_input + c.usd_per_m_output, c.usd_per_m_all, 1e-12);  // as many in as out
  EXPECT_NEAR(c.usd_per_m_input / c.usd_per_m_all, 0.25, 1e-12);
  EXPECT_NEAR(c.gco2_per_m_output, 1.5 * 8766 * 500 / m_tokens, 1e-9);
  // Renting costs 1461 a month, running one's own 109.6: 28000 is back after 20.7.
  EXPECT_NEAR(c.break_even_months, 28000 / (2.0 * 8766 / 12 - c.electricity / 12), 1e-9);
}

TEST(Ownership, IdleHoursCostTokensButNotAllOfThePower) {
  Study study;
  study.scenario.daily_profile = {1, 0};
  const OwnershipCost half = study.cost();
  const OwnershipCost full = Study().cost();
  EXPECT_DOUBLE_EQ(half.capital, full.capital);
  EXPECT_LT(half.electricity, full.electricity);
  // Half the hours at 1000 W, half at 100 W and half of the host's 500 W: 675 W on average.
  EXPECT_NEAR(half.electricity, 0.675 * 1.5 * 8766 * 0.1, 1e-9);
  EXPECT_NEAR(half.usd_per_m_all, 2 * full.usd_per_m_all * half.total() / full.total(), 1e-12);
  EXPECT_GT(half.joule_per_token, full.joule_per_token);
}

TEST(Ownership, RentIsAllThereIsToRenting) {
  Study study;
  study.option.acquisition = Acquisition::rent;
  const OwnershipCost c = study.cost();
  EXPECT_DOUBLE_EQ(c.total(), 2 * 8766);
  EXPECT_DOUBLE_EQ(c.capex, 0);
  study.scenario.daily_profile = {1, 0};
  study.option.elastic = true;
  EXPECT_DOUBLE_EQ(study.cost().total(), 8766);
}

TEST(Ownership, WholeReplicasServeThePeak) {
  Study study;
  study.option.devices = 2;
  study.scenario.variables[study.scenario.peak_tokens_per_s].value = Estimate::exactly(1001);
  EXPECT_DOUBLE_EQ(study.cost().chips, 4);
}

// 10,000 draws over a finished run take less than a second (and nothing is simulated again).
TEST(Uncertainty, TenThousandDrawsTakeUnderASecond) {
  const Study study;
  const Evaluate evaluate = [&](const std::vector<double>& draw) {
    std::vector<double> figures;
    for (int i = 0; i < 4; ++i)
      figures.push_back(own(study.scenario, study.option, study.served, draw).usd_per_m_all);
    return figures;
  };
  const auto start = std::chrono::steady_clock::now();
  monte_carlo(study.scenario.variables, evaluate, 10000, 1);
  EXPECT_LT(std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count(), 1.0);
}

}  // namespace
}  // namespace orrery::test
