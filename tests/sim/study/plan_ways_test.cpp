#include "sim/study/plan_ways.h"

#include <gtest/gtest.h>

#include <set>

namespace orrery {
namespace {

PlanQuestion question(const std::string& model) {
  PlanQuestion q;
  q.model = model;
  q.runtime = "vllm-0.19";
  q.formats = {""};
  q.targets.tpot_s = 0.1;
  return q;
}

using Division = std::tuple<std::uint32_t, std::uint32_t, std::uint32_t, std::uint32_t>;

std::set<Division> divisions(const PlanWays& found) {
  std::set<Division> all;
  for (const PlanWay& way : found.ways) {
    const Parallelism& s = way.question.scenario.split;
    all.insert({s.tensor, s.pipeline, s.expert, s.data});
  }
  return all;
}

TEST(PlanWays, OfAMixtureEveryDivisionOfAServer) {
  PlanQuestion q = question("gpt-oss-20b");
  q.tensor = {1, 2};
  const PlanWays found = ways_to_deploy(q, "gpu/a100-sxm-80gb", {500, 100, 0});
  const std::set<Division> all = divisions(found);
  for (const Division& d :
       {Division{1, 1, 1, 1}, Division{2, 1, 1, 1}, Division{2, 1, 2, 1}, Division{1, 4, 1, 1},
        Division{2, 2, 2, 1}, Division{1, 1, 8, 8}, Division{2, 1, 4, 2}})
    EXPECT_EQ(all.count(d), 1U) << std::get<0>(d) << " " << std::get<1>(d) << " " << std::get<2>(d) << " "
                                << std::get<3>(d);
  for (const auto& [tensor, pipeline, expert, data] : all) EXPECT_LE(tensor * pipeline * data, 8U);
  for (std::size_t i = 1; i < found.ways.size(); ++i)
    EXPECT_GE(found.ways[i - 1].estimate.requests_per_s / found.ways[i - 1].devices(),
              found.ways[i].estimate.requests_per_s / found.ways[i].devices());
  std::set<std::uint32_t> devices;
  for (const PlanWay* way : finalists_of(found, 3)) EXPECT_TRUE(devices.insert(way->devices()).second);
  EXPECT_GE(devices.size(), 2U);
}

TEST(PlanWays, WhatIsAskedForAlone) {
  PlanQuestion q = question("llama-3-8b");
  q.tensor = {1};
  q.pipeline = {2};
  EXPECT_EQ(divisions(ways_to_deploy(q, "gpu/h100-sxm", {500, 100, 0})), (std::set<Division>{{1, 2, 1, 1}}));
}

// A pipeline's token goes through all its stages: no shorter than without, though each has less to do.
TEST(PlanWays, StagesDoNotShortenATokensTime) {
  PlanQuestion q = question("llama-3-8b");
  q.tensor = {1};
  q.pipeline = {1, 4};
  const PlanWays found = ways_to_deploy(q, "gpu/h100-sxm", {500, 100, 0});
  ASSERT_EQ(found.ways.size(), 2U);
  EXPECT_EQ(found.ways[0].devices(), 1U);
  EXPECT_LT(found.ways[1].estimate.requests_per_s, 4 * found.ways[0].estimate.requests_per_s);
}

// A model that no server holds goes over as few as do, where NICs join them; else the reason names the way.
TEST(PlanWays, OverSeveralServersWhereOneDoesNotHoldTheModel) {
  PlanQuestion q = question("deepseek-v3");
  q.tensor = {8};
  PlanWays found = ways_to_deploy(q, "gpu/h100-sxm", {500, 100, 0});
  EXPECT_TRUE(found.ways.empty());
  EXPECT_NE(found.why_none.find("orrery list nodes"), std::string::npos) << found.why_none;
  q.node = "h100_dgx";
  found = ways_to_deploy(q, "gpu/h100-sxm", {500, 100, 0});
  EXPECT_EQ(divisions(found), (std::set<Division>{{8, 2, 1, 1}, {8, 2, 8, 1}, {8, 1, 16, 2}}))
      << found.why_none;
  q.pipeline = {1};
  EXPECT_TRUE(ways_to_deploy(q, "gpu/h100-sxm", {500, 100, 0}).ways.empty());
}

// A degree that is asked for is tried though a server has fewer chips: the node says why it is not possible.
TEST(PlanWays, MoreChipsThanANodeHasAreRefusedWithAReason) {
  PlanQuestion q = question("llama-3-8b");
  q.tensor = {512};
  const PlanWays found = ways_to_deploy(q, "gpu/h100-sxm", {500, 100, 0});
  EXPECT_TRUE(found.ways.empty());
  EXPECT_FALSE(found.why_none.empty());
}

TEST(PlanWays, NoneSaysWhatIsMissedAndByHowMuch) {
  PlanQuestion q = question("llama-3-8b");
  q.targets.tpot_s = 1e-5;
  const PlanWays found = ways_to_deploy(q, "gpu/h100-sxm", {500, 100, 0});
  EXPECT_TRUE(found.ways.empty());
  EXPECT_NE(found.why_none.find("times the target"), std::string::npos) << found.why_none;
}

}  // namespace
}  // namespace orrery
