#include "sim/study/metrics.h"

#include <gtest/gtest.h>

#include <set>

#include "sim/report/result_fields.h"
#include "sim/util/errors.h"

namespace orrery {
namespace {

// What sweeps compare is named in the tables of results, under names that sweeps have always had.
TEST(Metrics, TablesOfResultsNameThem) {
  // Of a batch; of served requests (the same where it stands at the same place).
  struct Expected {
    std::string name, batch, served;
  };
  const std::vector<Expected> expected = {
      {"ttft_s", "/ttft_s", "/ttft_s/mean"},
      {"tpot_s", "/tpot_s", "/tpot_s/mean"},
      {"latency_s", "/latency_s", "/e2e_s/mean"},
      {"tokens_per_s", "/tokens_per_s", "/output_tokens_per_s"},
      {"energy_j", "/energy_j/total", "/energy_j"},
      {"energy_per_token_j", "/energy_per_token_j", "/energy_per_token_j"},
      {"average_power_w", "/average_power_w", "/average_power_w"},
      {"area_mm2", "/area_mm2", "/area_mm2"},
      {"unit_cost_usd", "/price_usd/unit_cost", "/price_usd/unit_cost"},
      {"usd_per_m_output_tokens", "/price_usd/per_m_output_tokens", "/price_usd/per_m_output_tokens"},
      {"utilization_compute", "/utilization/compute", ""},
      {"utilization_dram", "/utilization/dram", ""},
      {"expected_p90", "/expected_error/p90", "/expected_error/p90"},
      {"ttft_p90_s", "", "/ttft_s/p90"},
      {"ttft_p99_s", "", "/ttft_s/p99"},
      {"tpot_p90_s", "", "/tpot_s/p90"},
      {"tpot_p99_s", "", "/tpot_s/p99"},
      {"itl_p99_s", "", "/itl_s/p99"},
      {"e2e_p90_s", "", "/e2e_s/p90"},
      {"e2e_p99_s", "", "/e2e_s/p99"},
      {"requests_per_s", "", "/requests_per_s"},
      {"goodput_requests_per_s", "", "/goodput_requests_per_s"},
      {"good_share", "", "/good_share"},
      {"highest_rate_per_s", "", "/highest_rate_per_s"},
      {"preemptions", "", "/preemptions"},
      {"prefix_hit_rate", "", "/prefix_hit_rate"},
      {"keeps_target", "", "/ownership/keeps_target"},
      {"owned_usd_per_m_tokens", "", "/ownership/usd_per_m_tokens/all"},
      {"capex_usd", "", "/ownership/capex_usd"},
      {"fleet_chips", "", "/ownership/chips"},
      {"fleet_servers", "", "/ownership/servers"},
      {"wall_joule_per_token", "", "/ownership/joule_per_token"},
      {"gco2_per_m_tokens", "", "/ownership/gco2_per_m_output_tokens"},
  };
  std::set<std::string> names;
  for (const Metric& m : metrics()) EXPECT_TRUE(names.insert(m.name).second) << m.name << " twice";
  EXPECT_EQ(names.size(), expected.size());
  for (const auto& [name, batch, served] : expected) {
    std::vector<std::string> places;
    for (const std::string& place : {batch, served}) {
      if (!place.empty()) places.push_back(place);
    }
    std::vector<std::string> found;
    for (const auto& at : metric(name).at) found.push_back(at.to_string());
    EXPECT_EQ(found, places) << name;
    EXPECT_EQ(metric(name).of_batch, !batch.empty()) << name;
    EXPECT_EQ(metric(name).of_served, !served.empty()) << name;
    EXPECT_EQ(metric(name).of_fleet, served.find("/ownership/") == 0) << name;
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
