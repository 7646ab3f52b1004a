// What an engine has of a machine for keys and values.

#include "sim/serve/deployment.h"

#include <gtest/gtest.h>

#include "sim/config/arch_loader.h"
#include "sim/config/runtime_loader.h"
#include "sim/util/errors.h"

namespace orrery::test {
namespace {

Deployment of(const char* model, std::uint32_t tp, std::uint64_t budget, const char* arch = "gpu/h100-sxm",
              const char* runtime = "vllm-0.19", const ServingOverrides& more = {}) {
  Scenario scenario;
  scenario.split.tensor = tp;
  ServingOverrides o = more;
  o.token_budget = budget;
  o.sequences = 128;
  return deploy(load_llm_named(model), scenario, load_arch_named(arch), load_runtime(runtime), o);
}

// Printed by vLLM 0.15.1 on H100 at gpu_memory_utilization 0.9 (inference-sim/inference-sim
// testdata/trained_physics_iter29.json).
TEST(Deployment, HasTheBlocksThatVllmPrints) {
  const auto near = [](const Deployment& d, double printed) {
    EXPECT_NEAR(static_cast<double>(d.replica.cache.blocks) / printed, 1, 0.02);
  };
  near(of("llama-2-7b", 1, 2048), 7463);
  near(of("llama-3.1-70b", 4, 8192), 30251);
  near(of("llama-3.1-70b", 4, 2048), 30425);
  near(of("mistral-nemo", 2, 1024), 48009);
  near(of("mistral-nemo", 1, 2048), 19251);
  near(of("qwen2.5-7b", 1, 2048), 65352);
  near(of("yi-34b", 2, 2048), 20793);
}

TEST(Deployment, LimitsAreTheEnginesForTheMachinesMemory) {
  const auto limits = [](const char* arch) {
    Scenario scenario;
    return deploy(load_llm_named("llama-3-8b"), scenario, load_arch_named(arch), load_runtime("vllm-0.19"),
                  {})
        .replica.limits;
  };
  EXPECT_EQ(limits("gpu/h100-sxm").token_budget, 8192U);
  EXPECT_EQ(limits("gpu/h100-sxm").sequences, 1024U);
  EXPECT_EQ(limits("gpu/a100-sxm-80gb").token_budget, 2048U);
  EXPECT_EQ(limits("gpu/l40s").sequences, 256U);
}

TEST(Deployment, WindowsTakeNoMoreThanThemselves) {
  // gpt-oss: every other layer sees 128 tokens.
  const CacheShape cache = of("gpt-oss-20b", 1, 8192).replica.cache;
  EXPECT_NEAR(cache.window_share, 1, 0.01);
  EXPECT_NEAR(cache.window_blocks, 8, 0.1);
  EXPECT_EQ(cache.state_blocks, 0);
}

TEST(Deployment, RanksThatShareExpertsStepTogetherOthersAreReplicas) {
  Scenario scenario;
  scenario.split.data = scenario.split.expert = 8;
  scenario.batch = 8;
  scenario.formats = formats_of(DType::fp8);
  const ArchSpec arch = load_arch_named("gpu/h200-sxm");
  const RuntimeSpec runtime = load_runtime("vllm-0.19");
  const Deployment together = deploy(load_llm_named("deepseek-v3"), scenario, arch, runtime, {});
  EXPECT_EQ(together.replica.ranks, 8U);
  EXPECT_EQ(together.replicas, 1U);
  scenario.split.expert = 1;
  const Deployment apart = deploy(load_llm_named("llama-3-8b"), scenario, arch, runtime, {});
  EXPECT_EQ(apart.replica.ranks, 1U);
  EXPECT_EQ(apart.replicas, 8U);
  EXPECT_EQ(apart.replica.devices, 1U);
}

TEST(Deployment, SaysWhatDoesNotFit) {
  try {
    of("llama-3-70b", 1, 2048);
    FAIL();
  } catch (const ConfigError& error) {
    EXPECT_NE(std::string(error.what()).find("weights take 141"), std::string::npos) << error.what();
  }
}

}  // namespace
}  // namespace orrery::test
