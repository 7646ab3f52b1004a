#include "sim/workload/blocks/feed_forward.h"

#include <gtest/gtest.h>

#include "sim/util/errors.h"
#include "sim/workload/llm_spec.h"
#include "sim/workload/memory_need.h"
#include "sim/workload/operator_counts.h"
#include "sim/workload/transformer_graph.h"

namespace orrery::test {
namespace {

OperatorGraph step_of(std::uint64_t sequences, const ExecutionSpec& execution) {
  LlmSpec llm = load_llm_named("opt-6.7b");
  llm.keep_layers(1);
  return build_step(llm, {{{Phase::decode, sequences, 1, 128}}}, formats_of(DType::fp16), {}, execution);
}

std::uint64_t products(const OperatorGraph& graph) {
  std::uint64_t sum = 0;
  for (const Operator& op : graph.operators) sum += operator_macs(op);
  return sum;
}

constexpr std::uint64_t kHidden = 4096, kWidth = 16384;

// A token needs a share of the neurons, several need what any of them does.
TEST(FeedForward, ComputesTheNeuronsThatAnyTokenNeeds) {
  ExecutionSpec some;
  some.conditional = ConditionalSpec{};
  some.conditional->kept_share = 0.25;
  const std::uint64_t all = products(step_of(1, {}));
  EXPECT_EQ(all - products(step_of(1, some)), 2 * kHidden * (kWidth - kWidth / 4));
  const std::uint64_t of_two = kWidth * 7 / 16;  // 1 - (3/4)^2
  EXPECT_EQ(products(step_of(2, {})) - products(step_of(2, some)), 2 * 2 * kHidden * (kWidth - of_two));
  some.conditional->predictor_rank = 128;
  EXPECT_EQ(all - products(step_of(1, some)), 2 * kHidden * (kWidth - kWidth / 4) - 128 * (kHidden + kWidth));
}

TEST(FeedForward, APathIsAsLongForEveryToken) {
  ExecutionSpec tree;
  tree.conditional = ConditionalSpec{};
  tree.conditional->path = 12;
  for (const std::uint64_t tokens : {1, 64})
    EXPECT_EQ(products(step_of(tokens, {})) - products(step_of(tokens, tree)),
              2 * tokens * kHidden * (kWidth - 12));
}

// What is held is all neurons, whatever is computed, and what says which.
TEST(FeedForward, HoldsAllOfThemAndThePredictor) {
  const LlmSpec llm = load_llm_named("opt-6.7b");
  Scenario scenario;
  scenario.output = 1;
  ExecutionSpec some;
  some.conditional = ConditionalSpec{};
  some.conditional->kept_share = 0.1;
  const std::uint64_t all = memory_need(llm, scenario, {}, 1).weights;
  EXPECT_EQ(memory_need(llm, scenario, some, 1).weights, all);
  some.conditional->predictor_rank = 128;
  EXPECT_EQ(memory_need(llm, scenario, some, 1).weights, all + 2 * 32 * 128 * (kHidden + kWidth));
}

// Memory holds what nothing reads from storage.
TEST(FeedForward, WhatIsInMemoryIsSaid) {
  const LlmSpec llm = load_llm_named("opt-6.7b");
  Scenario scenario;
  scenario.output = 1;
  ExecutionSpec flash;
  flash.stored_weights = StoredWeightsSpec{};
  flash.stored_weights->loaded_share = 0.02;
  flash.stored_weights->resident_share = 0.5;
  const std::uint64_t all = memory_need(llm, scenario, {}, 1).weights;
  EXPECT_EQ(memory_need(llm, scenario, flash, 1).stored, all);
  EXPECT_NEAR(static_cast<double>(memory_need(llm, scenario, flash, 1).weights),
              0.5 * static_cast<double>(all), 1);
  flash.stored_weights->resident_share = 0.3;  // attention and tables are 0.355
  EXPECT_THROW(memory_need(llm, scenario, flash, 1), ConfigError);
  flash.stored_weights->loaded_share = 0;
  EXPECT_NO_THROW(memory_need(llm, scenario, flash, 1));
  LlmSpec mixture = load_llm_named("mixtral-8x7b-v0.1");
  mixture.keep_layers(1);
  ExecutionSpec some;
  some.conditional = ConditionalSpec{};
  EXPECT_THROW(build_step(mixture, {{{Phase::decode, 1, 1, 8}}}, formats_of(DType::fp16), {}, some),
               ConfigError);
}

TEST(FeedForward, NewNeuronsAreReadRowByRowOrInBundles) {
  ExecutionSpec flash;
  flash.stored_weights = StoredWeightsSpec{};
  flash.stored_weights->resident_share = 0.5;
  flash.stored_weights->loaded_share = 0.125;
  OperatorGraph graph = step_of(1, flash);
  ASSERT_EQ(graph.stored.size(), 1U);
  EXPECT_EQ(graph.stored[0].reads, 2 * kWidth / 8);
  EXPECT_EQ(graph.stored[0].bytes, 2 * kHidden);
  flash.stored_weights->bundled = true;
  graph = step_of(1, flash);
  EXPECT_EQ(graph.stored[0].reads, kWidth / 8);
  EXPECT_EQ(graph.stored[0].bytes, 4 * kHidden);
}

// Read whole: of all weights of the step, the share that memory does not hold.
TEST(FeedForward, WhatMemoryDoesNotHoldIsReadWhole) {
  ExecutionSpec flash;
  flash.stored_weights = StoredWeightsSpec{};
  const auto bytes = [&flash](double resident) {
    flash.stored_weights->resident_share = resident;
    const OperatorGraph graph = step_of(1, flash);
    return static_cast<double>(graph.stored.at(0).reads * graph.stored.at(0).bytes);
  };
  // A layer, and the table that the head multiplies by; norms and biases aside.
  const double all = 2.0 * (4.0 * kHidden * kHidden + 2.0 * kHidden * kWidth + 50272.0 * kHidden);
  EXPECT_NEAR(bytes(0), all, 1.1e6);
  EXPECT_NEAR(bytes(0.5), all / 2, 1.1e6);
  EXPECT_EQ(bytes(1), 0);
}

}  // namespace
}  // namespace orrery::test
