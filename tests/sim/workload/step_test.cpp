#include "sim/workload/step.h"

#include <gtest/gtest.h>

#include "sim/util/errors.h"
#include "sim/workload/operator_counts.h"
#include "sim/workload/transformer_graph.h"
#include "tests/support/config_error.h"
#include "tests/support/random_operator.h"

namespace orrery::test {
namespace {

std::uint64_t macs(const OperatorGraph& graph, OperatorKind kind) {
  std::uint64_t sum = 0;
  for (const Operator& op : graph.operators) sum += op.kind == kind ? operator_macs(op) : 0;
  return sum;
}

ExecutionSpec fused() {
  ExecutionSpec e;
  e.fused = {FusedOperator::attention, FusedOperator::add_rmsnorm, FusedOperator::kv_append};
  return e;
}

TEST(Step, PromptsArePackedToTheBudget) {
  const std::vector<StepRun> steps = prefill_steps(64, 1024, 8192, false);
  ASSERT_EQ(steps.size(), 1U);
  EXPECT_EQ(steps[0].times, 8U);
  EXPECT_EQ(steps[0].step.sequences(), 8U);
  EXPECT_EQ(steps[0].step.tokens(), 8192U);
}

TEST(Step, APromptBeyondTheBudgetRunsInPiecesThatSeeWhatIsCached) {
  const std::vector<StepRun> steps = prefill_steps(1, 20000, 8192, false);
  ASSERT_EQ(steps.size(), 3U);
  EXPECT_EQ(steps[2].step.groups[0].new_tokens, 20000U - 2 * 8192);
  EXPECT_EQ(steps[2].step.groups[0].context, 20000U);
}

TEST(Step, PiecesOfPromptsShareAStep) {
  const std::vector<StepRun> steps = prefill_steps(3, 5000, 8192, false);
  ASSERT_EQ(steps.size(), 2U);
  ASSERT_EQ(steps[0].step.groups.size(), 2U);
  EXPECT_EQ(steps[0].step.groups[1].new_tokens, 3192U);
  ASSERT_EQ(steps[1].step.groups.size(), 2U);
  EXPECT_EQ(steps[1].step.groups[0].new_tokens, 5000U - 3192);
  EXPECT_EQ(steps[1].step.groups[0].context, 5000U);
  EXPECT_EQ(steps[1].step.groups[1].sequences, 1U);
}

TEST(Step, WholePromptsOnlyWhereAttentionIsInBothDirections) {
  const std::vector<StepRun> steps = prefill_steps(5, 5000, 8192, true);
  ASSERT_EQ(steps.size(), 1U);
  EXPECT_EQ(steps[0].times, 5U);
  EXPECT_EQ(prefill_steps(5, 10000, 8192, true)[0].step.tokens(), 10000U);
}

// Every token of every prompt once, no step beyond the budget, and each piece right behind what came before
// it.
TEST(Step, EveryTokenRunsOnce) {
  Random random(7);
  for (int i = 0; i < 300; ++i) {
    const std::uint64_t batch = random.log_uniform(1, 400);
    const std::uint64_t input = random.log_uniform(1, 3000);
    const std::uint64_t budget = random.log_uniform(1, 9000);
    std::uint64_t tokens = 0;
    std::uint64_t pairs = 0;  // (query, key)
    for (const StepRun& run : prefill_steps(batch, input, budget, false)) {
      EXPECT_LE(run.step.tokens(), budget);
      tokens += run.times * run.step.tokens();
      for (const SequenceGroup& g : run.step.groups) {
        const std::uint64_t cached = g.context - g.new_tokens;
        pairs += run.times * g.sequences * (g.new_tokens * cached + g.new_tokens * (g.new_tokens + 1) / 2);
      }
    }
    EXPECT_EQ(tokens, batch * input) << batch << " x " << input << " by " << budget;
    EXPECT_EQ(pairs, batch * (input * (input + 1) / 2)) << batch << " x " << input << " by " << budget;
  }
}

TEST(Step, RefusesAMillionDifferentSteps) {
  EXPECT_THROW(prefill_steps(1, 3'000'000, 1, false), ConfigError);
}

// Pieces of prompts in any packing do the products of whole prompts; decoding beside them adds its own.
TEST(Step, AMixedStepDoesTheProductsOfItsParts) {
  for (const char* name : {"llama-3-8b", "gpt2", "mixtral-8x7b-v0.1"}) {
    const LlmSpec llm = load_llm_named(name);
    for (const ExecutionSpec& execution : {fused(), ExecutionSpec{}}) {
      const SequenceGroup prompts{Phase::prefill, 3, 100, 100};
      const SequenceGroup piece{Phase::prefill, 1, 60, 460};
      const SequenceGroup decoding{Phase::decode, 17, 1, 345};
      const auto graph = [&](std::vector<SequenceGroup> groups) {
        return build_step(llm, {std::move(groups)}, formats_of(DType::fp16), {}, execution);
      };
      const OperatorGraph mixed = graph({prompts, piece, decoding});
      const auto attention = [&](const OperatorGraph& g) {
        std::uint64_t sum = macs(g, OperatorKind::attention);
        for (const Operator& op : g.operators) {
          const auto* s = std::get_if<MatmulShape>(&op.shape);
          if (s != nullptr && op.inputs[1].kind != TensorKind::weight) sum += operator_macs(op);
        }
        return sum;
      };
      EXPECT_EQ(attention(mixed),
                attention(graph({prompts})) + attention(graph({piece})) + attention(graph({decoding})))
          << name;
      // The LM head runs on a position a sequence, all else on all tokens.
      EXPECT_EQ(mixed.operators.back().outputs[0].elements(), 21 * llm.vocab) << name;
      for (const Operator& op : mixed.operators) {
        for (const std::uint32_t dep : op.deps) EXPECT_LT(dep, op.id);
      }
    }
  }
}

TEST(Step, WhatReadsTheAttentionWaitsForEveryGroup) {
  const LlmSpec llm = load_llm_named("llama-3-8b");
  const OperatorGraph graph = build_step(llm, {{{Phase::prefill, 1, 60, 60}, {Phase::decode, 4, 1, 50}}},
                                         formats_of(DType::fp16), {}, fused());
  std::size_t checked = 0;
  for (std::size_t i = 2; i < graph.operators.size(); ++i) {
    if (graph.operators[i - 1].kind != OperatorKind::attention ||
        graph.operators[i].kind != OperatorKind::matmul)
      continue;
    EXPECT_EQ(graph.operators[i].deps.size(), 2U);
    ++checked;
  }
  EXPECT_EQ(checked, llm.layer_count());
}

TEST(Step, GroupsAreSaidInWords) {
  const Step step = step_named("prefill:2x512@1024,decode:64@4096,verify:8x5@300,prefill:1x7");
  ASSERT_EQ(step.groups.size(), 4U);
  EXPECT_EQ(step.groups[0].context, 1024U);
  EXPECT_EQ(step.groups[1].new_tokens, 1U);
  EXPECT_EQ(step.groups[2].phase, Phase::decode);
  EXPECT_EQ(step.groups[3].context, 7U);
  EXPECT_EQ(step.tokens(), 2 * 512 + 64 + 8 * 5 + 7U);
  // A prompt's last position, and all that are verified.
  EXPECT_EQ(step.scored(), 2 + 64 + 40 + 1U);
  for (const char* wrong : {"", "decode:1", "decode:1x2@9", "verify:1@4", "prefill:0x1", "prefill:1x9@4",
                            "decode:1@5,", "decode:-1@5", "decode:1@99999999999"})
    EXPECT_NE(config_error([wrong] { step_named(wrong); }).find("--step"), std::string::npos) << wrong;
}

// k + 1 tokens of a sequence are verified in one step: as many products as k + 1 steps make, weights read
// once.
TEST(Step, AVerifyStepDoesTheWorkOfItsTokens) {
  const LlmSpec llm = load_llm_named("llama-3-8b");
  const auto macs = [&](const std::vector<SequenceGroup>& groups) {
    std::uint64_t sum = 0;
    const OperatorGraph graph = build_step(llm, {groups}, formats_of(DType::fp16), {}, fused());
    for (const Operator& op : graph.operators) sum += operator_macs(op);
    return sum;
  };
  std::uint64_t one_by_one = 0;
  for (std::uint64_t i = 0; i < 4; ++i) one_by_one += macs({{Phase::decode, 3, 1, 1000 + i}});
  EXPECT_EQ(macs({{Phase::decode, 3, 4, 1003}}), one_by_one);
}

}  // namespace
}  // namespace orrery::test
