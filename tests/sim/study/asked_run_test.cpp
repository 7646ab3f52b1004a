#include "sim/study/asked_run.h"

#include <gtest/gtest.h>

#include "sim/engine/isolate.h"
#include "sim/util/errors.h"

namespace orrery::test {
namespace {

AskedRun asked(const std::string& metric) {
  AskedRun run;
  run.arch = "asic/edge-npu";
  run.op = {{"op", "matmul"}, {"batch", 1}, {"m", 64}, {"n", 256}, {"k", 256}};
  run.metric = metric;
  return run;
}

TEST(AskedRun, AnOperatorsResultIsAskedByItsPlace) {
  Session session({}, false);
  const auto figure = [&session](const std::string& metric) {
    const auto simulate = [&] { return std::to_string(figure_of(asked(metric), session)); };
    return std::stod(run_isolated({simulate}, 1).front());
  };
  const double us = figure("/latency_us");
  EXPECT_GT(us, 0);
  EXPECT_NEAR(figure("/tflops") * us / (2e-6 * 64 * 256 * 256), 1, 1e-3);
  EXPECT_GT(figure("/die_power_w"), 0.4);
  EXPECT_THROW(figure("/no/such/place"), std::exception);
}

TEST(AskedRun, WhatTheMachineIsNeedsNoRun) {
  AskedRun run;
  run.arch = "asic/edge-npu";
  run.metric = "die_mm2";
  EXPECT_NO_THROW(check(run));
  Session session({}, false);
  EXPECT_DOUBLE_EQ(figure_of(run, session), 20);
}

TEST(AskedRun, SaysOneThingToRun) {
  AskedRun run = asked("latency_s");
  EXPECT_NO_THROW(check(run));
  run.model = "gpt2";
  EXPECT_THROW(check(run), ConfigError);
  run.model.clear();
  run.op = nullptr;
  EXPECT_THROW(check(run), ConfigError);
  EXPECT_THROW(check(asked("latenzy_s")), ConfigError);
}

TEST(AskedRun, WrongExtentsAreNamed) {
  Session session({}, false);
  AskedRun run = asked("/latency_us");
  run.op["mm"] = 3;
  try {
    figure_of(run, session);
    FAIL();
  } catch (const ConfigError& error) {
    EXPECT_NE(std::string(error.what()).find("unknown key 'shape.mm'"), std::string::npos) << error.what();
  }
}

TEST(AskedRun, RequestsAreAskedInPlaceOfABatch) {
  Session session({}, false);
  AskedRun run;
  run.arch = "asic/edge-npu";
  run.model = "gpt2";
  run.scenario = {{"input", 16}, {"output", 4}, {"layers", 1}};
  run.serving = {{"concurrency", 1}, {"requests", 2}};
  run.metric = "/e2e_s/mean";
  const auto simulate = [&] { return std::to_string(figure_of(run, session)); };
  EXPECT_GT(std::stod(run_isolated({simulate}, 1).front()), 0);
  run.scenario["serving"] = run.serving;  // which is no key of it
  EXPECT_THROW(figure_of(run, session), ConfigError);
}

}  // namespace
}  // namespace orrery::test
