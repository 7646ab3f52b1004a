#include <gtest/gtest.h>

#include "sim/util/errors.h"
#include "sim/workload/memory_need.h"
#include "sim/workload/operator_counts.h"

namespace orrery {
namespace {

LlmSpec read_draft(const std::string& text) {
  return build_llm(ConfigDocument::parse(text, "config.json"));
}

std::string draft(const std::string& more = "") {
  return R"({"architectures": ["LlamaForCausalLMEagle3"], "model_type": "llama", "hidden_size": 64,
    "num_attention_heads": 4, "num_key_value_heads": 2, "num_hidden_layers": 1, "intermediate_size": 96,
    "vocab_size": 500, "draft_vocab_size": 40)" +
         more + "}";
}

TEST(Drafts, BorrowTheEmbeddingAndGuessAmongFewerWords) {
  const LlmSpec llm = read_draft(draft());
  // Three states to one; twice as long rows to queries, keys and values; back; three products; norms; the
  // head.
  const std::uint64_t held = 3 * 64 * 64 + 128 * (64 + 2 * 32) + 64 * 64 + 3 * 64 * 96 + 4 * 64 + 64 * 40;
  EXPECT_EQ(count_parameters(llm).total, held);
  EXPECT_EQ(kv_bytes_per_token(llm, Scenario{}), 2U * 2 * 2 * 16);
  ExecutionSpec execution;
  execution.fused = {FusedOperator::attention, FusedOperator::kv_append};
  const OperatorGraph graph =
      build_step(llm, {{{Phase::decode, 2, 1, 10}}}, formats_of(DType::fp16), {}, execution);
  std::uint64_t macs = 0;
  for (const Operator& op : graph.operators) macs += operator_macs(op);
  EXPECT_EQ(macs, 2 * (held - 4 * 64) + 2 * 64 * 2 * 10);
}

TEST(Drafts, OfMoreLayersAreRefused) {
  try {
    read_draft(draft(", \"num_hidden_layers\": 1")
                   .replace(draft().find("\"num_hidden_layers\": 1"), 22, "\"num_hidden_layers\": 2"));
    FAIL();
  } catch (const ConfigError& error) {
    EXPECT_NE(std::string(error.what()).find("num_hidden_layers"), std::string::npos);
  }
}

TEST(Encoders, OfImagesCountPatches) {
  const LlmSpec vit = read_draft(R"({"architectures": ["ViTModel"], "model_type": "vit", "hidden_size": 64,
    "num_attention_heads": 4, "num_hidden_layers": 3, "intermediate_size": 96, "image_size": 32, "patch_size": 8,
    "num_channels": 3})");
  EXPECT_EQ(vit.learned_positions, 17U);
  const std::uint64_t layer = 4 * 64 * 64 + 4 * 64 + 2 * 64 * 96 + 96 + 64 + 4 * 64;
  EXPECT_EQ(count_parameters(vit).total, 3 * 64 * 64 + 64 + 64 + 17 * 64 + 3 * layer + 2 * 64 + 64 * 64 + 64);
  Scenario s;
  s.input = 18;
  s.output = 1;
  EXPECT_THROW(check_scenario(vit, s), ConfigError);
}

// One set of weights, read in every layer.
TEST(Encoders, MayHaveOneSetOfWeightsForAllLayers) {
  const auto albert = [](int layers) {
    return read_draft(R"({"architectures": ["AlbertForMaskedLM"], "model_type": "albert", "hidden_size": 64,
      "embedding_size": 16, "num_attention_heads": 4, "intermediate_size": 96, "vocab_size": 500,
      "max_position_embeddings": 32, "type_vocab_size": 2, "num_hidden_layers": )" +
                      std::to_string(layers) + "}");
  };
  const std::uint64_t layer = 4 * 64 * 64 + 4 * 64 + 2 * 64 * 96 + 96 + 64 + 4 * 64;
  const std::uint64_t rest = (500 + 32 + 2 + 2) * 16 + 16 * 64 + 64 + 64 * 16 + 16 + 2 * 16 + 500;
  EXPECT_EQ(count_parameters(albert(3)).total, layer + rest);
  EXPECT_EQ(count_parameters(albert(12)).total, layer + rest);
}

}  // namespace
}  // namespace orrery
