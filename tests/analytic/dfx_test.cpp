// DFX (Hong et al., MICRO 2022) publishes nine latencies of GPT-2 1.5B on four U280: all are one number, 6.9
// ms a token processed. The simulated machine takes its prompt tokens one by one and so must be one number
// too. How far that number is from 6.9 ms is reported by tools/bench and in arch_configs/README.md; nothing
// is fitted to it.

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "tests/support/command.h"

namespace orrery::test {
namespace {

nlohmann::json run_dfx(int input, int output) {
  const CommandResult r =
      orrery_command("run --arch fpga/u280-x4-dfx --model gpt2-xl-dfx --format json --input " +
                     std::to_string(input) + " --output " + std::to_string(output));
  EXPECT_EQ(r.exit_code, 0) << r.err;
  return nlohmann::json::parse(r.out);
}

TEST(Dfx, EveryTokenCostsTheSameWhetherPromptOrGenerated) {
  double least = 1e9;
  double most = 0;
  for (const auto& [input, output] : {std::pair{32, 1}, {32, 256}, {64, 16}, {128, 1}, {128, 256}}) {
    const double per_token = run_dfx(input, output)["latency_s"].get<double>() / (input + output - 1);
    least = std::min(least, per_token);
    most = std::max(most, per_token);
  }
  EXPECT_LT(most / least, 1.03);
}

TEST(Dfx, ATokensTimeIsSplitIntoItsFiveParts) {
  const auto time = run_dfx(32, 16)["time_s"];
  for (const char* part : {"dram", "compute", "vector", "link", "launch"})
    EXPECT_GT(time[part].get<double>(), 0) << part;
  EXPECT_EQ(time["shared"], 0.0);  // it has no shared buffer
}

}  // namespace
}  // namespace orrery::test
