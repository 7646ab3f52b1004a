#include "sim/study/metrics.h"

#include <gtest/gtest.h>

#include <set>

#include "sim/report/result_fields.h"
#include "sim/util/errors.h"

namespace orrery {
namespace {

// What sweeps compare is named in the tables of results, under names that sweeps have always had.
TEST(Metrics, TablesOfResultsNameThem) {
  const std::vector<std::pair<std::string, std::string>> expected = {
      {"ttft_s", "/ttft_s"},
      {"tpot_s", "/tpot_s"},
      {"latency_s", "/latency_s"},
      {"tokens_per_s", "/tokens_per_s"},
      {"energy_j", "/energy_j/total"},
      {"energy_per_token_j", "/energy_per_token_j"},
      {"average_power_w", "/average_power_w"},
      {"area_mm2", "/area_mm2"},
      {"unit_cost_usd", "/price_usd/unit_cost"},
      {"usd_per_m_output_tokens", "/price_usd/per_m_output_tokens"},
      {"utilization_compute", "/utilization/compute"},
      {"utilization_dram", "/utilization/dram"},
      {"expected_p90", "/expected_error/p90"},
      {"keeps_target", "/ownership/keeps_target"},
      {"owned_usd_per_m_tokens", "/ownership/usd_per_m_tokens/all"},
      {"capex_usd", "/ownership/capex_usd"},
      {"fleet_chips", "/ownership/chips"},
      {"wall_joule_per_token", "/ownership/joule_per_token"},
      {"gco2_per_m_tokens", "/ownership/gco2_per_m_output_tokens"},
  };
  std::set<std::string> names;
  for (const Metric& m : metrics()) EXPECT_TRUE(names.insert(m.name).second) << m.name << " twice";
  EXPECT_EQ(names.size(), expected.size());
  for (const auto& [name, at] : expected) {
    EXPECT_EQ(metric(name).at.to_string(), at);
    EXPECT_EQ(metric(name).of_fleet, at.find("/ownership/") == 0) << name;
  }
}

TEST(Metrics, ComeFromAResultAsItIsWritten) {
  RunResult run;
  run.batch = 1;
  run.input = 8;
  run.latency_s = 2;
  run.energy.compute = Joules(3);
  run.energy.dram = Joules(4);
  run.tpot_s = std::nullopt;
  const std::vector<nlohmann::json> figures = metrics_of(written(run));
  EXPECT_EQ(figures.at(metric_index("latency_s")), 2);
  EXPECT_EQ(figures.at(metric_index("energy_j")), 7);
  EXPECT_TRUE(figures.at(metric_index("tpot_s")).is_null());
  EXPECT_TRUE(figures.at(metric_index("fleet_chips")).is_null());
}

TEST(Metrics, UnknownNamesGetTheNearest) {
  try {
    metric("latenci_s");
    FAIL();
  } catch (const ConfigError& error) {
    EXPECT_NE(std::string(error.what()).find("did you mean 'latency_s'"), std::string::npos);
  }
}

}  // namespace
}  // namespace orrery
