#include "sim/study/sweep_workloads.h"

#include <gtest/gtest.h>

#include <cmath>

namespace orrery {
namespace {

using nlohmann::json;

json base(const char* arch, const char* model) {
  return {{"arch", {{"name", arch}, {"chip", {{"clock_ghz", 1}}}}},
          {"llm", {{"name", model}, {"hidden_size", 8}}},
          {"scenario", {{"batch", 1}, {"input", 512}, {"output", 128}}}};
}

StoredPoint point(std::size_t base, const json& inputs) {
  StoredPoint p;
  p.base = base;
  p.inputs = inputs.dump();
  return p;
}

TEST(SweepWorkloads, AModelAndLengthsAreAskedTheRestIsChosen) {
  StoredSweep sweep;
  sweep.bases = {base("a", "small"), base("b", "small"), base("a", "large")};
  sweep.bases[2]["llm"]["hidden_size"] = 16;
  SweepWorkloads workloads(sweep);
  const StoredPoint one = point(0, {{"scenario.batch", 4}});
  EXPECT_EQ(workloads.workload_of(one), workloads.workload_of(point(1, {{"scenario.batch", 8}})));
  EXPECT_NE(workloads.workload_of(one), workloads.workload_of(point(2, {{"scenario.batch", 4}})));
  EXPECT_NE(workloads.workload_of(one), workloads.workload_of(point(0, {{"scenario.input", 1024}})));
  // A value that is the base's own is no other workload.
  EXPECT_EQ(workloads.workload_of(one), workloads.workload_of(point(0, {{"scenario.input", 512}})));
  EXPECT_EQ(workloads.design_of(one), workloads.design_of(point(2, {{"scenario.batch", 4}})));
  EXPECT_NE(workloads.design_of(one), workloads.design_of(point(0, {{"scenario.batch", 8}})));
  EXPECT_NE(workloads.design_of(one), workloads.design_of(point(1, {{"scenario.batch", 4}})));
  EXPECT_EQ(workloads.in_words(workloads.workload_of(one)), "small, 512 in, 128 out");
}

TEST(SweepWorkloads, BasesGoTogetherByWhatTheyAreAsked) {
  std::vector<json> bases = {base("a", "small"), base("a", "large"), base("b", "small")};
  bases[1]["llm"]["hidden_size"] = 16;
  EXPECT_EQ(bases_by_workload(bases), (std::vector<std::vector<std::size_t>>{{0, 2}, {1}}));
}

TEST(SweepWorkloads, ScoresAreOverTheBest) {
  EXPECT_DOUBLE_EQ(score_over({2, 8}, {1, 2}, WorkloadScore::worst), 4);
  EXPECT_DOUBLE_EQ(score_over({2, 8}, {1, 2}, WorkloadScore::geometric_mean), std::sqrt(8));
  // Maximised: negated, so that the best is the least.
  EXPECT_DOUBLE_EQ(score_over({-10, -5}, {-20, -5}, WorkloadScore::worst), 2);
  EXPECT_TRUE(std::isnan(score_over({0, 1}, {1, 1}, WorkloadScore::worst)));
}

}  // namespace
}  // namespace orrery
