// What explain says of machines whose bottleneck is known.

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "tests/support/command.h"

namespace orrery::test {
namespace {

nlohmann::json explained(const std::string& arguments) {
  const CommandResult r = orrery_command("explain " + arguments + " --format json");
  EXPECT_EQ(r.exit_code, 0) << r.err;
  return nlohmann::json::parse(r.out);
}

const nlohmann::json& worth(const nlohmann::json& told, const std::string& key) {
  for (const auto& r : told["resources"]) {
    if (r["key"] == key) return r;
  }
  ADD_FAILURE() << "no " << key;
  return told["resources"][0];
}

// Weights of a decode step come from one DDR4 channel: twice the channels, half the time.
TEST(Explain, DecodeOnASlowMemoryIsWorthItsChannels) {
  const auto told = explained("--arch asic/edge-npu --model gpt2 --layers 2 --input 16 --output 16");
  EXPECT_EQ(told["decode_bound"], "dram");
  EXPECT_GT(told["decode_share"].get<double>(), 0.5);
  EXPECT_EQ(told["resources"][0]["key"], "arch.dram.channels");
  const auto& channels = worth(told, "arch.dram.channels");
  EXPECT_EQ(channels["value"], 1.0);
  EXPECT_EQ(channels["half"]["value"], 0.0);  // half a channel is none
  EXPECT_TRUE(channels["half"]["latency"].is_null());
  // What waited for DRAM waits half as long at best, and nothing else does.
  const double twice = channels["twice"]["tpot"];
  EXPECT_GE(twice, 1 - told["decode_share"].get<double>() / 2 - 0.02);
  EXPECT_LT(twice, 0.85);
  EXPECT_GT(channels["elasticity"].get<double>(), 0.4);
  // Sorted by what they are worth; less latency is never slower.
  double before = 1e9;
  for (const auto& r : told["resources"]) {
    EXPECT_LE(std::abs(r["elasticity"].get<double>()), before);
    before = std::abs(r["elasticity"].get<double>());
  }
  // What lies in no die leaves its area as it is; half a clock moves no block.
  EXPECT_NEAR(worth(told, "arch.command.kernel_overhead_ns")["half"]["area"].get<double>(), 1, 1e-9);
  EXPECT_GT(worth(told, "arch.cores.scratchpad.size_kib")["twice"]["area"].get<double>(), 1);
  EXPECT_LE(worth(told, "arch.dram.controller_latency_ns")["half"]["latency"].get<double>(), 1.0 + 1e-9);
}

TEST(Explain, TheSameFiguresAsRuns) {
  const std::string question = "--arch asic/edge-npu --model gpt2 --layers 1 --input 64 --output 2";
  const auto told = explained(question);
  const auto ran = [&](const std::string& patch) {
    return nlohmann::json::parse(orrery_command("run " + question + " " + patch + " --format json").out);
  };
  const auto base = ran("");
  EXPECT_EQ(told["latency_s"], base["latency_s"]);
  const auto slow = ran("arch.clock_ghz=0.5");
  EXPECT_NEAR(worth(told, "arch.clock_ghz")["half"]["ttft"].get<double>(),
              slow["ttft_s"].get<double>() / base["ttft_s"].get<double>(), 1e-9);
}

// A mesh of other numbers of cores is another mesh: what cannot be is said, and the rest stands.
TEST(Explain, MachinesThatCannotBeAreSaid) {
  const auto told = explained(
      "--arch asic/edge-npu --model gpt2 --layers 1 --input 16 --output 1 "
      "arch.cores.scratchpad.size_kib=24");
  EXPECT_EQ(told["decode_bound"], "");
  const CommandResult r = orrery_command("explain --arch asic/edge-npu --model llama-3-70b --input 16");
  EXPECT_EQ(r.exit_code, 2);
  EXPECT_NE(r.err, "");
}

TEST(Explain, ATableFitsAScreen) {
  const CommandResult r =
      orrery_command("explain --arch asic/edge-npu --model gpt2 --layers 1 --input 16 --output 2");
  EXPECT_EQ(r.exit_code, 0) << r.err;
  EXPECT_NE(r.out.find("decode: "), std::string::npos);
  EXPECT_NE(r.out.find("half: TTFT"), std::string::npos);
}

}  // namespace
}  // namespace orrery::test
