// orrery train, from the command line.

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "tests/support/command.h"

namespace orrery::test {
namespace {

nlohmann::json trained(const std::string& options) {
  const CommandResult r =
      orrery_command("train --arch gpu/h100-sxm --node h100_dgx --format json " + options);
  EXPECT_EQ(r.exit_code, 0) << r.err;
  return nlohmann::json::parse(r.out);
}

std::string refused(const std::string& options) {
  const CommandResult r = orrery_command("train --arch gpu/h100-sxm --node h100_dgx " + options);
  EXPECT_EQ(r.exit_code, 2) << options;
  return r.err;
}

TEST(Train, PartsOfAnIterationSumToIt) {
  const nlohmann::json r =
      trained("--model llama-3-8b --layers 4 --pp 2 --dp 2 --batch 16 --sequence 1024 --zero 1");
  double sum = 0;
  for (const auto& [name, seconds] : r.at("time_s").items()) sum += seconds.get<double>();
  EXPECT_NEAR(sum, r.at("iteration_s").get<double>(), 0.01 * sum);
  EXPECT_GT(r.at("time_s").at("bubble").get<double>(), 0);
  EXPECT_EQ(r.at("parallelism").at("micro_batches"), 8);
}

TEST(Train, NothingIsComputedAgainWhereEverythingIsKept) {
  const std::string options = "--model llama-3-8b --layers 2 --tp 1 --batch 2 --sequence 1024 --recompute ";
  const nlohmann::json none = trained(options + "none");
  const nlohmann::json full = trained(options + "full");
  EXPECT_EQ(none.at("time_s").at("recompute"), 0);
  EXPECT_LT(none.at("iteration_s").get<double>(), full.at("iteration_s").get<double>());
  EXPECT_GT(none.at("memory").at("activations"), full.at("memory").at("activations"));
  EXPECT_DOUBLE_EQ(none.at("time_s").at("forward").get<double>(),
                   full.at("time_s").at("forward").get<double>());
}

TEST(Train, AMixtureTrainsWithItsExpertsOverReplicas) {
  const nlohmann::json r = trained(
      "--model qwen3-30b-a3b --layers 2 --tp 1 --dp 8 --ep 8 --batch 8 --sequence 1024 --recompute none");
  EXPECT_GT(r.at("where_s").at("link").get<double>(), 0);
}

TEST(Train, WhatDoesNotDivideIsRefusedInOneMessage) {
  EXPECT_NE(refused("--model llama-3-8b --dp 3 --batch 16").find("--batch 16 is no multiple"),
            std::string::npos);
  EXPECT_NE(refused("--model llama-3-8b --pp 40 --batch 40").find("has 32 layers"), std::string::npos);
  EXPECT_NE(refused("--model llama-3-8b --tp 1 --interleave 2").find("give --pp"), std::string::npos);
  EXPECT_NE(refused("--model llama-3-8b --pp 2 --interleave 2 --batch 3").find("no multiple of --pp 2"),
            std::string::npos);
  EXPECT_NE(refused("--model bert-base --batch 2").find("no loss"), std::string::npos);
  EXPECT_NE(refused("--model llama-3-70b --tp 8 --batch 8").find("bytes are missing"), std::string::npos);
  EXPECT_NE(refused("--model mamba2-780m --tp 1 --batch 1").find("not modelled"), std::string::npos);
}

}  // namespace
}  // namespace orrery::test
