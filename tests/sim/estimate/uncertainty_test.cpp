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
  return {{"a", {0, 1, 2, "", "", ""}}, {"b", {1, 1, 1, "", "", ""}}};
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
  variables.push_back({"c", {0, 1, 4, "", "", ""}});
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

  FleetTerms<double> fleet;
  OptionTerms<double> terms;

  Study() {
    scenario.input = 100;
    scenario.output = 100;
    fleet.peak_tokens_per_s = 1000;
    fleet.years = 4;
    fleet.electricity_per_kwh = 0.1;
    fleet.pue = 1.5;
    fleet.grid_gco2_per_kwh = 500;
    fleet.utilisation = 1;
    terms.chip_price = 20000;
    terms.rent_per_hour = 2;
    terms.server_price = 8000;
    terms.host_w = 500;
    terms.throughput_factor = 1;
    option.chips_per_server = 1;
    option.has_rent = true;
    served.output_tokens_per_s = 1000;
    served.power_w = 500;
    served.idle_w = 100;
    served.prefill_share = 0.25;
  }
  OwnershipCost cost() const { return own(scenario, option, served, fleet, terms); }
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
  ASSERT_TRUE(c.break_even_months.has_value());
  EXPECT_NEAR(*c.break_even_months, 28000 / (2.0 * 8766 / 12 - c.electricity / 12), 1e-9);
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
  study.fleet.peak_tokens_per_s = 1001;
  EXPECT_DOUBLE_EQ(study.cost().chips, 4);
}

// A scenario's uncertain numbers go into a list and come back by their names.
TEST(Uncertainty, TermsAreDrawnByName) {
  CostScenario scenario;
  scenario.options.resize(2);
  scenario.options[0].name = "bought";
  scenario.options[1].name = "made";
  scenario.options[1].acquisition = Acquisition::make;
  double next = 1;
  for (const auto& t : fleet_terms()) scenario.terms.*t.uncertain = UncertainNumber::exactly(next++);
  for (CostOption& option : scenario.options) {
    for (const auto& t : option_terms()) option.terms.*t.uncertain = UncertainNumber::exactly(next++);
  }
  const std::vector<CostVariable> variables = cost_variables(scenario);
  const DrawnCosts drawn = drawn_costs(variables, typical_draw(variables), 2);
  for (const auto& t : fleet_terms())
    EXPECT_EQ(drawn.fleet.*t.drawn, (scenario.terms.*t.uncertain).typical) << t.name;
  for (const auto& t : option_terms())
    EXPECT_EQ(drawn.options[1].*t.drawn, (scenario.options[1].terms.*t.uncertain).typical) << t.name;
  EXPECT_EQ(drawn.options[0].wafer_price, 0);  // not made: the technology table says nothing of it
  using O = OptionTerms<UncertainNumber>;
  EXPECT_EQ(variables[variable_of(variables, 1, &O::volume)].name, "made.volume");
  EXPECT_EQ(variables[variable_of(variables, &FleetTerms<UncertainNumber>::pue)].name, "finance.pue");
  EXPECT_EQ(variable_of(variables, 0, &O::wafer_price), variables.size());
}

// 10,000 draws over a finished run take less than a second (and nothing is simulated again).
TEST(Uncertainty, TenThousandDrawsTakeUnderASecond) {
  Study study;
  for (int i = 0; i < 4; ++i) study.scenario.options.push_back(study.option);
  const std::vector<CostVariable> variables = cost_variables(study.scenario);
  const Evaluate evaluate = [&](const std::vector<double>& draw) {
    const DrawnCosts drawn = drawn_costs(variables, draw, 4);
    std::vector<double> figures;
    for (std::size_t i = 0; i < 4; ++i)
      figures.push_back(
          own(study.scenario, study.option, study.served, study.fleet, drawn.options[i]).usd_per_m_all);
    return figures;
  };
  const auto start = std::chrono::steady_clock::now();
  monte_carlo(variables, evaluate, 10000, 1);
  EXPECT_LT(std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count(), 1.0);
}

}  // namespace
}  // namespace orrery::test
