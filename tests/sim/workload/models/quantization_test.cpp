#include "sim/workload/models/quantization.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "sim/util/errors.h"
#include "sim/workload/transformer_graph.h"

namespace orrery {
namespace {

// A mixture of four layers, the first of them dense.
std::string mixture(const std::string& quantization) {
  return R"({"model_type": "deepseek", "hidden_size": 256, "num_hidden_layers": 4, "vocab_size": 1000,
    "num_attention_heads": 4, "num_key_value_heads": 2, "intermediate_size": 512, "moe_intermediate_size": 128,
    "n_routed_experts": 8, "num_experts_per_tok": 2, "n_shared_experts": 1, "first_k_dense_replace": 1,
    "quantization_config": )" +
         quantization + "}";
}
constexpr std::uint64_t kAttention = 256 * (256 + 2 * 128) + 256 * 256;
constexpr std::uint64_t kExperts = 8 * 3 * 256 * 128;
constexpr std::uint64_t kShared = 3 * 256 * 128;
constexpr std::uint64_t kDense = 3 * 256 * 512;

LlmSpec quantised_model(const std::string& text) {
  return build_llm(ConfigDocument::parse(text, "config.json"));
}

// Bytes fewer than 16 bits would take.
std::uint64_t saved(const std::string& quantization) {
  const LlmSpec llm = quantised_model(mixture(quantization));
  const ParameterCount count = count_parameters(llm, as_filed(llm.quantization));
  return 2 * count.total - count.bytes;
}

std::string refusal(const std::string& quantization) {
  try {
    quantised_model(mixture(quantization));
  } catch (const ConfigError& error) {
    return error.what();
  }
  return "accepted";
}

TEST(Quantization, MethodsHaveTheirBits) {
  const std::uint64_t matrices = 4 * kAttention + kDense + 3 * (kExperts + kShared);
  EXPECT_EQ(saved(R"({"quant_method": "fp8", "activation_scheme": "dynamic"})"), matrices);
  EXPECT_EQ(saved(R"({"quant_method": "fp8", "weight_block_size": [128, 128]})"),
            matrices - matrices / (128 * 128) * 4);
  EXPECT_EQ(saved(R"({"quant_method": "awq", "bits": 4, "group_size": 128, "zero_point": true})"),
            matrices * 2 - matrices / 128 * 133 / 2);
  EXPECT_EQ(saved(R"({"quant_method": "gptq", "bits": 8, "group_size": 32})"),
            matrices * 2 - matrices - matrices / 32 * 3);
  EXPECT_EQ(saved(R"({"quant_method": "modelopt", "quant_algo": "NVFP4"})"),
            matrices * 2 - matrices / 16 * 9);
  EXPECT_EQ(saved(R"({"quant_method": "mxfp4"})"), 3 * (kExperts * 2 - kExperts / 32 * 17));
  EXPECT_EQ(saved(R"({"quant_method": "bitsandbytes", "load_in_4bit": true})"),
            matrices * 2 - matrices / 64 * 36);
}

TEST(Quantization, SomeModulesAndLayersAreLeftAsTheyWere) {
  const std::string fp8 = R"({"quant_method": "fp8", "modules_to_not_convert": )";
  EXPECT_EQ(
      saved(fp8 + R"(["lm_head", "model.layers.2.self_attn.q_proj", "model.layers.2.self_attn.o_proj"]})"),
      3 * kAttention + kDense + 3 * (kExperts + kShared));
  EXPECT_EQ(saved(fp8 + R"(["re:.*shared_experts.*", "gate"]})"), 4 * kAttention + kDense + 3 * kExperts);
  EXPECT_EQ(saved(R"({"quant_method": "compressed-tensors", "ignore": ["re:.*self_attn.*", "lm_head"],
    "config_groups": {"group_0": {"targets": ["Linear"], "input_activations": null,
    "weights": {"num_bits": 4, "type": "int", "strategy": "group", "group_size": 32, "symmetric": true}}}})"),
            (kDense + 3 * (kExperts + kShared)) * 2 - (kDense + 3 * (kExperts + kShared)) / 32 * 18);
}

TEST(Quantization, GroupsMayHaveFormatsOfTheirOwn) {
  const LlmSpec llm = quantised_model(mixture(R"({"quant_method": "compressed-tensors", "config_groups": {
    "a": {"targets": ["re:.*self_attn.*"], "weights": {"num_bits": 8, "type": "float", "strategy": "channel"},
      "input_activations": {"num_bits": 8, "type": "float", "strategy": "token", "dynamic": true}},
    "b": {"targets": ["re:.*mlp\\.experts.*"], "weights": {"num_bits": 4, "type": "float", "group_size": 16}}},
    "kv_cache_scheme": {"num_bits": 8, "type": "float", "strategy": "tensor"}})"));
  const NumberFormats formats = as_filed(llm.quantization);
  EXPECT_EQ(formats.weights(TensorGroup::attention), stored_as(DType::fp8));
  EXPECT_EQ(formats.weights(TensorGroup::experts), stored_as(DType::nvfp4));
  EXPECT_EQ(formats.weights(TensorGroup::shared_experts), stored_as(DType::bf16));
  EXPECT_TRUE(formats.products[static_cast<std::size_t>(TensorGroup::attention)]->activations);
  EXPECT_FALSE(formats.products[static_cast<std::size_t>(TensorGroup::experts)]->activations);
  EXPECT_EQ(*llm.quantization->kv, stored_as(DType::fp8));
}

TEST(Quantization, PrunedWeightsRunAsTwoOfFourAndOtherwiseDense) {
  const auto kept = [](const std::string& structure, const std::string& more) {
    const LlmSpec llm = quantised_model(mixture(R"({"quant_method": "compressed-tensors", "sparsity_config": {
      "format": "dense", "global_sparsity": 0.5, "ignore": ["lm_head"], "targets": ["Linear"],
      "registry_requires_subclass": false, "sparsity_structure": ")" +
                                                structure + "\"}" + more + "}"));
    return name_of(as_filed(llm.quantization).weights(TensorGroup::experts));
  };
  const std::string groups =
      R"(, "config_groups": {"a": {"targets": ["Linear"], "weights": {"num_bits": 8, "type": "float"}}})";
  EXPECT_EQ(kept("2:4", ""), "bf16 2:4");
  EXPECT_EQ(kept("2:4", groups), "fp8 2:4");
  EXPECT_EQ(kept("unstructured", groups), "fp8");
  EXPECT_NE(refusal(R"({"quant_method": "compressed-tensors"})").find("'config_groups'"), std::string::npos);
}

TEST(Quantization, WhatIsNotUnderstoodIsRefusedByItsKey) {
  EXPECT_NE(refusal(R"({"quant_method": "awqq"})").find("did you mean 'awq'"), std::string::npos);
  EXPECT_NE(refusal(R"({"bits": 4})").find("missing key 'quant_method'"), std::string::npos);
  EXPECT_NE(refusal(R"({"quant_method": "awq", "bits": 0})").find("'bits' is 0"), std::string::npos);
  EXPECT_NE(refusal(R"({"quant_method": "awq", "group_size": "many"})").find("'group_size'"),
            std::string::npos);
  EXPECT_NE(refusal(R"({"quant_method": "modelopt", "quant_algo": "MIXED_PRECISION"})").find("'quant_algo'"),
            std::string::npos);
  EXPECT_NE(refusal(R"({"quant_method": "fp8", "modules_to_not_convert": ["model.layers.0.super_attn"]})")
                .find("super_attn"),
            std::string::npos);
  EXPECT_NE(refusal(R"({"quant_method": "fp8", "modules_to_not_convert": ["re:("]})").find("re:("),
            std::string::npos);
  EXPECT_NE(refusal(R"({"quant_method": "gptq", "num_sparse_heads": 4})").find("num_sparse_heads"),
            std::string::npos);
  EXPECT_NE(refusal("7").find("expected an object"), std::string::npos);
}

TEST(Quantization, MayStandInAFileBeside) {
  const auto folder = std::filesystem::temp_directory_path() / "orrery_quantization_test";
  std::filesystem::create_directories(folder);
  std::string plain = mixture("null");
  std::ofstream(folder / "config.json") << plain;
  std::ofstream(folder / "hf_quant_config.json")
      << R"({"quantization": {"quant_algo": "FP8", "kv_cache_quant_algo": "FP8", "exclude_modules": ["lm_head"]}})";
  const std::string key = ",\n    \"quantization_config\": null";
  plain.erase(plain.find(key), key.size());
  std::ofstream(folder / "config.json") << plain;
  const LlmSpec llm = load_llm(folder / "config.json");
  ASSERT_TRUE(llm.quantization);
  EXPECT_EQ(*llm.quantization->kv, stored_as(DType::fp8));
  EXPECT_EQ(as_filed(llm.quantization).weights(TensorGroup::experts), stored_as(DType::fp8));
  std::filesystem::remove_all(folder);
}

}  // namespace
}  // namespace orrery
