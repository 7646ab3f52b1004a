#include "sim/config/runtime_loader.h"

#include <gtest/gtest.h>

#include "sim/util/errors.h"

namespace orrery::test {
namespace {

TEST(RuntimeOf, TheLastPresetThatBeginsNoLater) {
  EXPECT_EQ(runtime_of("vllm", "0.15.1"), "vllm-0.19");
  EXPECT_EQ(runtime_of("vllm", "0.11.0"), "vllm-0.10");
  EXPECT_EQ(runtime_of("vllm", "0.6.3.post2.dev308"), "vllm-0.6");
  EXPECT_EQ(runtime_of("vllm", "0.5.4"), "vllm");
  EXPECT_EQ(runtime_of("vllm", "2023 (Splitwise)"), "vllm-0.2");
  EXPECT_EQ(runtime_of("tensorrt-llm", "1.2.0rc1"), "tensorrt-llm-1.3");
  EXPECT_EQ(runtime_of("tensorrt-llm", "0.12"), "tensorrt-llm");
}

TEST(RuntimeOf, DatesStandForVersionsAndWordsForTheNewest) {
  EXPECT_EQ(runtime_of("vllm", "nightly 2026-02"), "vllm-0.19");
  EXPECT_EQ(runtime_of("vllm", "latest 2025-09"), "vllm-0.10");
  EXPECT_EQ(runtime_of("vllm", "nightly"), "vllm-0.19");
}

TEST(RuntimeOf, AnUnknownProductIsRefusedWithTheNearest) {
  try {
    runtime_of("vlm", "1.0");
    FAIL();
  } catch (const ConfigError& error) {
    EXPECT_NE(std::string(error.what()).find("vllm"), std::string::npos);
  }
}

TEST(ServingKeys, LimitsGoByMemoryAndByWhomTheEngineLeavesOut) {
  ServingKeys keys;
  keys.token_budget = 1;
  keys.by_memory = {{70, {"a100-80gb"}, 8192, 1024, std::nullopt}, {0, {}, 2048, std::nullopt, std::nullopt}};
  EXPECT_EQ(keys.on("gpu/h100", 80).token_budget, 8192U);
  EXPECT_EQ(keys.on("gpu/a100-80gb", 80).token_budget, 2048U);
  EXPECT_EQ(keys.on("gpu/l4", 24).token_budget, 2048U);
  EXPECT_EQ(keys.on("gpu/l4", 24).sequences, keys.sequences);
}

}  // namespace
}  // namespace orrery::test
