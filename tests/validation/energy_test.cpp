// Joules a token against measured ones (-DORRERY_REFERENCE_DATA).

#include <gtest/gtest.h>

#include <cmath>
#include <nlohmann/json.hpp>
#include <regex>

#include "sim/config/arch_loader.h"
#include "sim/config/node_loader.h"
#include "sim/config/runtime_loader.h"
#include "sim/engine/isolate.h"
#include "sim/serve/inference.h"
#include "sim/workload/llm_spec.h"
#include "tests/support/command.h"
#include "tests/support/csv_rows.h"

namespace orrery::test {
namespace {

double first_number(const std::string& text, const char* pattern) {
  std::smatch match;
  if (!std::regex_search(text, match, std::regex(pattern))) return 0;
  return std::stod(match[1]);
}

// Llama-3.1 on H100 by Zeus (ml-energy leaderboard): GPU energy an output token at the batch and output
// length the row gives. Prompts of the chat data set are taken as 256 tokens long (assumed). Mean within 25
// %.
TEST(ReferenceEnergy, JoulesATokenOfLlama31OnH100) {
  constexpr std::uint64_t kAssumedInput = 256;
  std::vector<std::function<std::string()>> tasks;
  std::vector<double> measured;
  for (auto& row : csv_rows(std::string(ORRERY_REFERENCE_DATA) + "/power_cost.csv")) {
    const std::string& how = row["conditions"];
    if (row["category"] != "energy_per_token" || how.find("Llama-3.1-") != 0) continue;
    const std::string model = how.find("405B") != std::string::npos  ? "llama-3.1-405b"
                              : how.find("70B") != std::string::npos ? "llama-3-70b"
                                                                     : "llama-3-8b";
    Scenario scenario;
    scenario.batch = static_cast<std::uint64_t>(std::lround(first_number(how, "avg ([0-9.]+)")));
    scenario.input = kAssumedInput;
    scenario.output = static_cast<std::uint64_t>(std::lround(first_number(how, "out len ([0-9.]+)")));
    scenario.formats =
        formats_of(how.find(" fp8 ") != std::string::npos ? DType::fp8 : DType::bf16, DType::bf16);
    scenario.split.tensor = static_cast<std::uint32_t>(first_number(row["item"], "([0-9]+)x"));
    measured.push_back(std::stod(row["value"]));
    tasks.emplace_back([model, scenario] {
      ArchSpec arch = load_arch_named("gpu/h100-sxm");
      use_node(arch, load_node("h100_dgx"));
      OperatorRunner runner(arch, {});
      const RunResult r = run_model(load_llm_named(model), scenario, runner, load_runtime("vllm"),
                                    [](const char*, std::uint64_t, std::uint64_t) {});
      return std::to_string(r.energy_per_token.value());
    });
  }
  ASSERT_GE(measured.size(), 30U);
  const std::vector<std::string> simulated = run_isolated(tasks, 2);
  double sum = 0;
  for (std::size_t i = 0; i < measured.size(); ++i) {
    const double error = std::stod(simulated[i]) / measured[i] - 1;
    std::printf("measured %8.4f J, simulated %8.4f J, %+5.1f %%\n", measured[i], std::stod(simulated[i]),
                100 * error);
    sum += std::abs(error);
  }
  std::printf("mean %.1f %% of %zu rows\n", 100 * sum / static_cast<double>(measured.size()),
              measured.size());
  EXPECT_LT(sum / static_cast<double>(measured.size()), 0.25);
}

// MLPerf Inference v4.1, Llama-2-70B offline on 8 x H200 capped at 500 W: 6,153 W at the wall for 25,262
// tokens/s, 0.2436 J each (the scenario says which lengths). Each within 20 %.
TEST(ReferenceEnergy, JoulesATokenOfMlperfOnH200) {
  const CommandResult r = orrery_command("cost h200-llama-2-70b-offline --draws 10 --format json");
  ASSERT_EQ(r.exit_code, 0) << r.err;
  const nlohmann::json option = nlohmann::json::parse(r.out)["options"][0];
  const nlohmann::json& server = option["path"][1];
  ASSERT_EQ(server["chips"], 8);
  const auto near = [](const char* what, double measured, double simulated) {
    std::printf("%s: measured %g, simulated %g, %+.1f %%\n", what, measured, simulated,
                100 * (simulated / measured - 1));
    EXPECT_NEAR(simulated, measured, 0.2 * measured) << what;
  };
  near("W at the wall, loaded", 6153, 1e3 * server["kw"].get<double>());
  near("tokens/s", 25262, server["output_tokens_per_s"].get<double>());
  near("J a token", 0.2436, option["joule_per_token"].get<double>());
}

}  // namespace
}  // namespace orrery::test
