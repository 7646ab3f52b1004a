#include "sim/workload/blocks/sparse_index.h"

#include <gtest/gtest.h>

#include "sim/workload/memory_need.h"
#include "sim/workload/operator_counts.h"

namespace orrery {
namespace {

constexpr const char* kSparse = R"({"model_type": "deepseek_v32", "hidden_size": 256, "num_hidden_layers": 2,
  "vocab_size": 1000, "num_attention_heads": 4, "intermediate_size": 512, "moe_intermediate_size": 128,
  "n_routed_experts": 8, "num_experts_per_tok": 2, "first_k_dense_replace": 2, "q_lora_rank": 64,
  "kv_lora_rank": 32, "qk_nope_head_dim": 16, "qk_rope_head_dim": 8, "v_head_dim": 16,
  "index_n_heads": 3, "index_head_dim": 24, "index_topk": 100})";

LlmSpec sparse_model() {
  return build_llm(ConfigDocument::parse(kSparse, "config.json"));
}

std::vector<Operator> of_kind(const OperatorGraph& graph, OperatorKind kind) {
  std::vector<Operator> found;
  for (const Operator& op : graph.operators) {
    if (op.kind == kind) found.push_back(op);
  }
  return found;
}

OperatorGraph graph_of(const SequenceGroup& group) {
  ExecutionSpec fused;
  fused.fused = {FusedOperator::attention, FusedOperator::kv_append};
  return build_step(sparse_model(), {{group}}, formats_of(DType::fp16), {}, fused);
}

TEST(SparseIndex, ChoosesOnlyWhereThereIsAChoice) {
  EXPECT_TRUE(of_kind(graph_of({Phase::decode, 5, 1, 100}), OperatorKind::index_scores).empty());
  const OperatorGraph longer = graph_of({Phase::decode, 5, 1, 101});
  const std::vector<Operator> scores = of_kind(longer, OperatorKind::index_scores);
  ASSERT_EQ(scores.size(), 2U);
  EXPECT_EQ(operator_macs(scores[0]), 5U * 3 * (24 + 1) * 101);
  // Attention then reads what was chosen, however long the sequence is.
  const std::vector<Operator> attention = of_kind(graph_of({Phase::decode, 5, 1, 9000}), OperatorKind::mla);
  ASSERT_EQ(attention.size(), 2U);
  EXPECT_EQ(operator_macs(attention[0]), 5U * 4 * (32 + 8 + 32) * 100);
}

TEST(SparseIndex, EachQueryOfAPromptReadsPositionsOfItsOwn) {
  const OperatorGraph prompt = graph_of({Phase::prefill, 2, 400, 400});
  EXPECT_TRUE(of_kind(prompt, OperatorKind::attention).empty());  // none is expanded
  const std::vector<Operator> attention = of_kind(prompt, OperatorKind::mla);
  ASSERT_EQ(attention.size(), 2U);
  EXPECT_EQ(operator_macs(attention[0]), 800U * 4 * (32 + 8 + 32) * 100);
  const std::vector<Operator> scores = of_kind(prompt, OperatorKind::index_scores);
  ASSERT_EQ(scores.size(), 2U);
  EXPECT_EQ(operator_macs(scores[0]), 2U * 3 * (24 + 1) * (400 * 401 / 2));
}

TEST(SparseIndex, KeepsAKeyOfEachTokenBesideTheLatent) {
  const LlmSpec llm = sparse_model();
  Scenario s;
  s.batch = 3;
  s.input = 50;
  s.output = 1;
  EXPECT_EQ(kv_bytes_per_token(llm, s), 2U * 2 * (32 + 8));
  EXPECT_EQ(index_bytes_per_token(llm, s), 2U * 2 * 24);
  EXPECT_EQ(memory_need(llm, s, {}, 8192).kv_cache, 3U * 50 * 2 * 2 * (32 + 8 + 24));
}

}  // namespace
}  // namespace orrery
