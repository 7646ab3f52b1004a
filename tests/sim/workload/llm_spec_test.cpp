#include "sim/workload/llm_spec.h"

#include <gtest/gtest.h>

#include "tests/support/config_error.h"

namespace orrery::test {
namespace {

TEST(LlmSpec, CountsTheParametersOfPublishedModelsExactly) {
  // Sums over the published checkpoints' tensors.
  EXPECT_EQ(count_parameters(load_llm_named("llama-2-7b")).total, 6738415616U);
  EXPECT_EQ(count_parameters(load_llm_named("llama-3-8b")).total, 8030261248U);
  EXPECT_EQ(count_parameters(load_llm_named("gpt2")).total, 124439808U);
  EXPECT_EQ(count_parameters(load_llm_named("gpt2-xl")).total, 1557611200U);
  EXPECT_EQ(count_parameters(load_llm_named("bert-base")).total, 109482240U);
  EXPECT_EQ(count_parameters(load_llm_named("transformer-big-wmt")).total, 214249472U);  // 213 M in the paper
  EXPECT_NEAR(static_cast<double>(count_parameters(load_llm_named("gpt3-175b")).total), 175e9, 0.5e9);
}

TEST(LlmSpec, FindsModelsWhateverTheCase) {
  EXPECT_EQ(load_llm_named("Llama-2-7B").hidden, 4096U);
}

std::string model_error(const std::string& text) {
  return config_error([&] { build_llm(ConfigDocument::parse(text, "config.json")); });
}

TEST(LlmSpec, NamesTheMissingHiddenSize) {
  const std::string message = model_error(
      "{\"model_type\": \"llama\", \"num_hidden_layers\": 2, \"num_attention_heads\": 2, "
      "\"intermediate_size\": 8, "
      "\"vocab_size\": 10}");
  EXPECT_NE(message.find("config.json"), std::string::npos);
  EXPECT_NE(message.find("'hidden_size'"), std::string::npos) << message;
}

TEST(LlmSpec, RefusesImpossibleDimensions) {
  const std::string base =
      "{\"model_type\": \"llama\", \"num_hidden_layers\": 2, \"intermediate_size\": 8, \"vocab_size\": 10,\n";
  EXPECT_NE(model_error(base + "\"hidden_size\": -4, \"num_attention_heads\": 2}").find("config.json:2"),
            std::string::npos);
  EXPECT_NE(model_error(base + "\"hidden_size\": 10, \"num_attention_heads\": 4}").find("not a multiple"),
            std::string::npos);
  EXPECT_NE(model_error(base + "\"hidden_size\": 12, \"num_attention_heads\": 4, \"num_key_value_heads\": 3}")
                .find("evenly"),
            std::string::npos);
  EXPECT_NE(model_error("{\"model_type\": \"lama\"}").find("(did you mean 'llama'?)"), std::string::npos);
}

}  // namespace
}  // namespace orrery::test
