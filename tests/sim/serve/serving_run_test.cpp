// Requests through replicas whose steps cost what a test says.

#include "sim/serve/serving_run.h"

#include <gtest/gtest.h>

#include "tests/support/fixed_costs.h"

namespace orrery::test {
namespace {

TEST(ServingRun, AloneARequestTakesAStepATokenAndItsWayIn) {
  FixedCosts costs(0.01);
  ServingSetup setup = plain_setup(costs);
  setup.request_s = 0.003;
  LoadSpec load = fixed_load(100, 11, 1);
  load.offline = true;
  const ServingOutcome o = served(setup, load);
  EXPECT_NEAR(o.ttft.mean(), 0.013, 1e-12);
  EXPECT_NEAR(o.tpot.mean(), 0.01, 1e-12);
  EXPECT_NEAR(o.e2e.mean(), 0.113, 1e-12);
  EXPECT_EQ(o.itl.count(), 10U);
}

// An arrival waits for the rest of the step under way and, where steps are formed ahead, for the next.
TEST(ServingRun, StepsFormedAheadCostAnArrivalOneMore) {
  FixedCosts costs(0.01);
  for (const bool ahead : {false, true}) {
    ServingSetup setup = plain_setup(costs);
    setup.serving.spec.limits.ahead = ahead;
    LoadSpec load = fixed_load(10, 2000, 400);
    load.rate = 2;
    load.seed = 5;
    double sum = 0;
    double count = 0;
    ServingListeners listeners;
    listeners.each = [&](const RequestOutcome& r) {
      if (r.number == 0) return;
      sum += r.first_token_s - r.arrival_s;
      ++count;
    };
    served(setup, load, {}, listeners);
    EXPECT_NEAR(sum / count, ahead ? 0.025 : 0.015, 0.001) << ahead;
  }
}

TEST(ServingRun, LittlesLawHolds) {
  FixedCosts costs(0.01, 1e-5);
  LoadSpec load = fixed_load(200, 50, 3000);
  load.rate = 5;
  const ServingOutcome o = served(plain_setup(costs), load);
  const double in_system = o.waiting.mean_between(0, o.end_s) + o.running.mean_between(0, o.end_s);
  EXPECT_NEAR(in_system, static_cast<double>(o.finished) / o.end_s * o.e2e.mean(), 0.02 * in_system);
}

TEST(ServingRun, InAClosedLoopNobodySendsBeforeItsAnswer) {
  FixedCosts costs(0.01);
  LoadSpec load = fixed_load(10, 10, 100);
  load.concurrency = 4;
  load.think_s = 1;
  const ServingOutcome o = served(plain_setup(costs), load);
  EXPECT_EQ(o.finished, 100U);
  EXPECT_NEAR(o.end_s, 25 * 0.1 + 24 * 1, 0.2);
}

TEST(ServingRun, EveryRequestComesOutOnceWhateverTheReplicas) {
  FixedCosts costs(0.01, 1e-5);
  double before = 1e9;
  for (const std::uint32_t replicas : {1U, 2U, 4U, 8U}) {
    ServingSetup setup = plain_setup(costs, 200);
    setup.serving.count = replicas;
    setup.router = RouterKind::least_loaded;
    LoadSpec load = fixed_load(300, 40, 2000);
    load.rate = 20;
    const ServingOutcome o = served(setup, load);
    EXPECT_EQ(o.arrived, 2000U);
    EXPECT_EQ(o.finished, 2000U);
    EXPECT_LE(o.e2e.mean(), before * 1.001) << replicas;
    before = o.e2e.mean();
  }
}

TEST(ServingRun, PipelinesHaveAsManyBatchesUnderWayAsStages) {
  FixedCosts one(0.04, 0, 4);
  ServingSetup setup = plain_setup(one);
  setup.serving.spec.stages = 4;
  LoadSpec load = fixed_load(10, 100, 400);
  load.rate = 50;
  const ServingOutcome o = served(setup, load);
  // A token takes the way through all stages; the first takes a batch as soon as it is free.
  EXPECT_GE(o.tpot.mean(), 0.04 - 1e-9);
  EXPECT_LT(o.tpot.mean(), 0.05);
}

TEST(ServingRun, PrefillingMachinesHandOverOverTheirLinks) {
  FixedCosts costs(0.01);
  ServingSetup setup = plain_setup(costs);
  ReplicaGroup prefill = setup.serving;
  prefill.count = 2;
  setup.prefilling.push_back(prefill);
  setup.handover = {1000, 0, 1e6, 0.005};  // 100 tokens take 0.1 s
  LoadSpec load = fixed_load(100, 11, 1);
  load.offline = true;
  const ServingOutcome o = served(setup, load);
  EXPECT_NEAR(o.ttft.mean(), 0.01 + 0.1 + 0.005, 1e-9);
  EXPECT_NEAR(o.tpot.mean(), 0.01, 1e-9);
  EXPECT_EQ(o.steps_of_prefill, 1U);
  load = fixed_load(100, 11, 200);
  load.rate = 5;
  EXPECT_EQ(served(setup, load).finished, 200U);
}

TEST(ServingRun, GoodputCountsThoseThatKeepTheTargets) {
  FixedCosts costs(0.01);
  LoadSpec load = fixed_load(10, 10, 50);
  load.rate = 1;
  RequestTargets none;
  none.ttft_s = 0.001;
  EXPECT_EQ(served(plain_setup(costs), load, none).good, 0U);
  RequestTargets all;
  all.tpot_s = 0.011;
  EXPECT_EQ(served(plain_setup(costs), load, all).good, 50U);
}

TEST(ServingRun, WhatCanNeverRunIsRefusedWithAReason) {
  FixedCosts costs(0.01);
  ServingSetup setup = plain_setup(costs, 10);
  LoadSpec load = fixed_load(200, 10, 5);
  load.offline = true;
  const ServingOutcome o = served(setup, load);
  EXPECT_EQ(o.refused, 5U);
  EXPECT_NE(o.why_refused.find("blocks"), std::string::npos);
  setup = plain_setup(costs);
  setup.most_positions = 100;
  EXPECT_NE(served(setup, load).why_refused.find("context"), std::string::npos);
}

TEST(ServingRun, TheSameSeedIsTheSameRun) {
  FixedCosts costs(0.01, 1e-5);
  LoadSpec load = fixed_load(300, 40, 500);
  load.input = LengthRange{1, 600};
  load.rate = 3;
  load.arrivals = ArrivalProcess::gamma;
  load.cv = 2;
  const ServingOutcome a = served(plain_setup(costs), load);
  const ServingOutcome b = served(plain_setup(costs), load);
  EXPECT_EQ(a.e2e.mean(), b.e2e.mean());
  load.seed = 2;
  EXPECT_NE(a.e2e.mean(), served(plain_setup(costs), load).e2e.mean());
}

}  // namespace
}  // namespace orrery::test
