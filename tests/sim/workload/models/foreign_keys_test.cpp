#include "sim/workload/models/foreign_keys.h"

#include <gtest/gtest.h>

#include "sim/workload/llm_spec.h"
#include "tests/support/config_error.h"

namespace orrery::test {
namespace {

TEST(ForeignKeys, NamesOfShapeBytesOrWorkAreNotPassedOver) {
  for (const char* key : {"kv_lora_rank", "num_local_experts", "block_configs", "window_pattern",
                          "ssm_state_size", "layer_kinds", "n_shared_experts", "quantization_config",
                          "hidden_size_per_layer_input", "conv_kernel", "moe_every"})
    EXPECT_TRUE(bears_on_work(key)) << key;
  for (const char* key :
       {"bos_token_id", "attention_dropout", "rms_norm_eps", "initializer_range", "rope_theta", "torch_dtype",
        "router_aux_loss_coef", "transformers_version", "use_cache"})
    EXPECT_FALSE(bears_on_work(key)) << key;
}

TEST(ForeignKeys, WhatIsSwitchedOffSaysNothing) {
  for (const char* value : {"null", "false", "0", "\"\"", "[]", "{}"})
    EXPECT_TRUE(says_nothing(nlohmann::json::parse(value))) << value;
  for (const char* value : {"true", "1", "\"a\"", "[0]", "{\"a\": null}"})
    EXPECT_FALSE(says_nothing(nlohmann::json::parse(value))) << value;
}

std::string llama_with(const std::string& more) {
  return "{\"model_type\": \"llama\", \"hidden_size\": 64, \"intermediate_size\": 128, "
         "\"num_hidden_layers\": 2, \"num_attention_heads\": 4, \"vocab_size\": 100" +
         more + "}";
}
std::string refusal_of_llama_with(const std::string& more) {
  return config_error([&] { build_llm(ConfigDocument::parse(llama_with(more), "config.json")); });
}

TEST(ForeignKeys, AnUnreadKeyIsRefusedByNameAndLine) {
  for (const char* key : {"num_local_experts", "kv_lora_rank", "block_configs",
                          "num_key_value_heads_per_layer", "quantization_config", "head_dims"}) {
    const std::string message = refusal_of_llama_with(",\n\"" + std::string(key) + "\": [1]");
    EXPECT_NE(message.find("config.json:2:"), std::string::npos) << message;
    EXPECT_NE(message.find(std::string("'") + key + "'"), std::string::npos) << message;
  }
  EXPECT_NE(refusal_of_llama_with(", \"architectures\": [\"LlamaForCausalLMMedusa\"]")
                .find("LlamaForCausalLMMedusa"),
            std::string::npos);
  EXPECT_NO_THROW(build_llm(ConfigDocument::parse(
      llama_with(", \"bos_token_id\": 1, \"num_experts\": null, \"hidden_dropout\": 0.1"), "config.json")));
}

TEST(ForeignKeys, ATypoInAWordIsSaid) {
  EXPECT_NE(refusal_of_llama_with(", \"hidden_act\": \"slu\"").find("did you mean 'silu'"),
            std::string::npos);
  EXPECT_NE(refusal_of_llama_with(", \"hidden_act\": -1").find("expected a word"), std::string::npos);
  EXPECT_NE(refusal_of_llama_with(", \"tie_word_embeddings\": \"no\"").find("true or false"),
            std::string::npos);
  EXPECT_NE(refusal_of_llama_with(", \"layer_types\": [\"full_attention\"]").find("1 entries for 2"),
            std::string::npos);
}

// Facts that contradict each other, in files of types with names of their own.
TEST(ForeignKeys, ContradictionsAreSaid) {
  const auto refusal = [](const std::string& text) {
    return config_error([&] { build_llm(ConfigDocument::parse(text, "config.json")); });
  };
  EXPECT_NE(refusal(llama_with(", \"text_config\": [1]")).find("'text_config' is [1]"), std::string::npos);
  const std::string mpt =
      "{\"model_type\": \"mpt\", \"d_model\": 64, \"n_layers\": 2, \"n_heads\": 4, \"vocab_size\": 10, "
      "\"attn_config\": {\"kv_n_heads\": ";
  for (const char* heads : {"0", "3"})
    EXPECT_NE(refusal(mpt + heads + "}}").find(std::string("cannot share ") + heads), std::string::npos)
        << heads;
  const std::string pruned =
      "{\"model_type\": \"nemotron-nas\", \"hidden_size\": 64, \"num_hidden_layers\": 1, "
      "\"num_attention_heads\": 4, \"vocab_size\": 10, \"block_configs\": [{\"attention\": "
      "{\"n_heads_in_group\": 0}, \"ffn\": {\"ffn_mult\": 2.5}}]}";
  EXPECT_NE(refusal(pruned).find("cannot share 0"), std::string::npos);
  EXPECT_NE(refusal("{\"model_type\": \"qwen3_moe\", \"hidden_size\": 64, \"intermediate_size\": 128, "
                    "\"num_hidden_layers\": 2, \"num_attention_heads\": 4, \"vocab_size\": 10, "
                    "\"num_experts\": 4, \"num_experts_per_tok\": 9, \"moe_intermediate_size\": 32}")
                .find("9 experts of 4"),
            std::string::npos);
}

}  // namespace
}  // namespace orrery::test
