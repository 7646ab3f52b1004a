// What a run says of memory, and what fits.

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "tests/support/command.h"

namespace orrery::test {
namespace {

nlohmann::json run_result(const std::string& arguments) {
  const CommandResult r = orrery_command("run --fidelity roofline --format json " + arguments);
  EXPECT_EQ(r.exit_code, 0) << r.err;
  return nlohmann::json::parse(r.out);
}

// Weights on four devices, keys and values of five long prompts, and the activations of one step of 8,192
// tokens.
TEST(Memory, ALongBatchNeedsAStepsActivationsOnly) {
  const nlohmann::json m = run_result(
                               "--arch gpu/h100-sxm --devices 4 --model llama-3-70b --dtype w8a16 --batch 5 "
                               "--input 131000 --output 72")
                               .at("memory");
  EXPECT_EQ(m.at("activations"), 8192ULL * 2 * (8192 + 2 * 28672 / 4));
  EXPECT_EQ(m.at("kv_bytes_per_token"), 2ULL * 80 * 2 * 128 * 2);
  EXPECT_EQ(m.at("kv_cache"), 5ULL * 131071 * 81920);
  // Embedding, head and norms keep their 16 bits.
  const std::uint64_t tables = 2 * 128256ULL * 8192;
  const std::uint64_t norms = (2 * 80 + 1) * 8192ULL;  // on each device
  EXPECT_EQ(m.at("weights"), (m.at("parameters").get<std::uint64_t>() - norms + tables) / 4 + 2 * norms);
}

TEST(Memory, PartsAndWhatIsLeftAreWhatADeviceCanAllocate) {
  const nlohmann::json m =
      run_result("--arch gpu/l40s --model llama-2-7b --batch 3 --input 100 --output 10").at("memory");
  std::uint64_t sum = 0;
  for (const char* part : {"weights", "kv_cache", "activations", "free"})
    sum += m.at(part).get<std::uint64_t>();
  EXPECT_NEAR(static_cast<double>(sum), (48 - 3.01) * 1073741824.0, 1.0);
}

TEST(Memory, OfTheLabelAPartIsRefused) {
  // Fits the 48 GiB of the label, not the 45.0 that ECC leaves.
  const CommandResult r = orrery_command(
      "run --fidelity roofline --arch gpu/l40s --model llama-2-7b --batch 1 --input 64000 --output 1");
  EXPECT_EQ(r.exit_code, 0) << r.err;
  const CommandResult more = orrery_command(
      "run --fidelity roofline --arch gpu/l40s --model llama-2-7b --batch 1 --input 68000 --output 1");
  EXPECT_EQ(more.exit_code, 2);
  EXPECT_NE(more.err.find("to allocate (46."), std::string::npos) << more.err;
}

TEST(Memory, ATokenOfAMixtureGoesThroughItsExpertsOnly) {
  const nlohmann::json m =
      run_result("--arch gpu/h100-sxm --devices 4 --model mixtral-8x7b-v0.1 --input 16 --output 2")
          .at("memory");
  EXPECT_NEAR(m.at("parameters").get<double>(), 46.7e9, 0.05e9);
  EXPECT_NEAR(m.at("active_parameters").get<double>(), 12.9e9, 0.05e9);  // Mixtral of Experts, 2024
}

// Every sequence's first token; the decode steps alone after it.
TEST(Memory, WavesHaveTheFirstTokenOfTheLastAndTheStepOfOne) {
  const std::string machine =
      "--arch gpu/a100-sxm-40gb --model llama-2-7b --runtime tensorrt-llm --input 512 --output 16";
  const nlohmann::json one = run_result(machine + " --batch 64");
  const nlohmann::json rounds = run_result(machine + " --batch 256");
  ASSERT_GT(rounds.at("rounds").get<int>(), 2);
  EXPECT_GT(rounds.at("ttft_s").get<double>(), 3 * one.at("ttft_s").get<double>());
  EXPECT_LT(rounds.at("tpot_s").get<double>(), 1.2 * one.at("tpot_s").get<double>());
  EXPECT_NEAR(rounds.at("ttft_s").get<double>() + 15 * rounds.at("tpot_s").get<double>(),
              rounds.at("latency_s").get<double>(), 1e-9);
}

// It runs, and says what is odd about it: more positions than were trained, parts that are left out.
TEST(Memory, AContextBeyondTheModelsPositionsWarns) {
  const std::string run =
      "run --fidelity roofline --arch gpu/a100-sxm-80gb --model llama-2-7b --output 10 --input ";
  const CommandResult longer = orrery_command(run + "30000");
  EXPECT_EQ(longer.exit_code, 0) << longer.err;
  EXPECT_NE(longer.err.find("warning: llama-2-7b was made for 4096 positions; 30009"), std::string::npos)
      << longer.err;
  EXPECT_EQ(orrery_command(run + "4087").err, "");
  const std::string model =
      temporary_file("seer.json",
                     "{\"model_type\": \"llama\", \"hidden_size\": 64, \"intermediate_size\": 128, "
                     "\"num_hidden_layers\": 2, \"num_attention_heads\": 4, \"vocab_size\": 100, "
                     "\"vision_config\": {\"depth\": 2}}");
  const CommandResult seer = orrery_command("check " + model);
  EXPECT_EQ(seer.exit_code, 0) << seer.err;
  EXPECT_NE(seer.out.find("left out is what its file says in vision_config"), std::string::npos) << seer.out;
}

}  // namespace
}  // namespace orrery::test
