// Composed steps against whole ones, sequence by sequence.

#include "sim/serve/step_oracle.h"

#include <gtest/gtest.h>

#include "sim/config/arch_loader.h"
#include "sim/serve/size_grid.h"
#include "sim/util/random.h"

namespace orrery::test {
namespace {

TEST(SizeGrid, NeighboursDifferByAShareOfThemselves) {
  EXPECT_EQ(between(7, 2).low, 7U);
  const Between b = between(37, 2);
  EXPECT_EQ(b.low, 32U);
  EXPECT_EQ(b.high, 40U);
  EXPECT_DOUBLE_EQ(b.share, 5.0 / 8);
  EXPECT_EQ(between(1023, 3).high, 1024U);
  EXPECT_EQ(between(1024, 3).high, 1024U);
}

// Random steps of two layers of a model on a machine with a library.
void compare(const char* model, const char* machine, std::uint64_t seed, double most) {
  LlmSpec llm = load_llm_named(model);
  llm.keep_layers(2);
  const ArchSpec arch = load_arch_named(machine);
  OperatorRunner runner(arch, {});
  const NumberFormats formats = number_formats({}, llm.quantization, arch);
  const Parallelism split;
  SimulatedSizes sizes(llm, formats, split, arch.execution, runner);
  StepOracle oracle(sizes);
  RandomStream random(seed);
  double mean = 0;
  constexpr int kSteps = 12;
  for (int i = 0; i < kSteps; ++i) {
    Step step;
    StepLoad load;
    const std::uint64_t prompts = random.below(3);
    for (std::uint64_t p = 0; p < prompts; ++p) {
      const std::uint64_t tokens = 1 + random.below(1500);
      const std::uint64_t context = tokens + (random.below(2) == 0 ? 0 : random.below(4000));
      step.groups.push_back({Phase::prefill, 1, tokens, context});
      load.prompts.push_back({tokens, context});
    }
    for (std::uint64_t s = random.below(40) + (prompts == 0 ? 1 : 0); s > 0; --s) {
      const std::uint64_t context = 500 + random.below(3000);
      step.groups.push_back({Phase::decode, 1, 1, context});
      ++load.decoding;
      load.decoding_context += context;
    }
    const StagedCost composed = oracle.cost(load);
    const StagedCost whole = sizes.whole(step);
    const double error = composed.sum.seconds / whole.sum.seconds - 1;
    mean += std::abs(error) / kSteps;
    std::string words;
    for (const PromptPiece& piece : load.prompts)
      words += std::to_string(piece.new_tokens) + "@" + std::to_string(piece.context) + " ";
    EXPECT_NEAR(error, 0, most) << "prompts " << words << ", decoding " << load.decoding;
    EXPECT_NEAR(composed.sum.dynamic_j / whole.sum.dynamic_j, 1, most);
    EXPECT_NEAR(composed.sum.split.total(), composed.sum.seconds, 1e-9);
  }
  EXPECT_LT(mean, most / 3);
}

TEST(StepOracle, ComposesDenseSteps) {
  compare("llama-3-8b", "gpu/h100-sxm", 1, 0.12);
}

TEST(StepOracle, ComposesStepsOfAMixture) {
  compare("gpt-oss-20b", "gpu/h100-sxm", 2, 0.15);
}

TEST(StepOracle, ComposesStepsOfAnotherKindOfMachine) {
  compare("llama-3-8b", "asic/tpu-v6e", 3, 0.12);
}

// Prompts of multiples of 128 tokens, contexts of 16.
TEST(StepOracle, ComposesStepsThatArePadded) {
  compare("llama-2-7b", "fpga/u280-flightllm", 5, 0.12);
}

TEST(StepOracle, WhatItSimulatedIsAskedForOnce) {
  LlmSpec llm = load_llm_named("llama-3-8b");
  llm.keep_layers(1);
  const ArchSpec arch = load_arch_named("gpu/h100-sxm");
  OperatorRunner runner(arch, {});
  const NumberFormats formats = formats_of(DType::fp16);
  SimulatedSizes sizes(llm, formats, {}, arch.execution, runner);
  StepOracle oracle(sizes);
  StepLoad load;
  load.decoding = 8;
  load.decoding_context = 8 * 1024;
  const double first = oracle.cost(load).sum.seconds;
  const std::uint64_t known = oracle.simulated_sizes();
  EXPECT_EQ(oracle.cost(load).sum.seconds, first);
  EXPECT_EQ(oracle.simulated_sizes(), known);
}

// A sequence more, or a longer one, never makes a step shorter by more than what lies between sizes.
TEST(StepOracle, MoreIsNotLess) {
  LlmSpec llm = load_llm_named("llama-3-8b");
  llm.keep_layers(1);
  const ArchSpec arch = load_arch_named("gpu/h100-sxm");
  OperatorRunner runner(arch, {});
  const NumberFormats formats = formats_of(DType::fp16);
  SimulatedSizes sizes(llm, formats, {}, arch.execution, runner);
  StepOracle oracle(sizes);
  double before = 0;
  for (std::uint64_t n = 1; n <= 200; n += 7) {
    StepLoad load;
    load.decoding = n;
    load.decoding_context = n * 1500;
    const double seconds = oracle.cost(load).sum.seconds;
    EXPECT_GE(seconds, 0.97 * before) << n;
    before = seconds;
  }
}

// What a step reads from storage it reads once, however its cost is put together.
TEST(StepOracle, StorageIsReadOnceAStep) {
  LlmSpec llm = load_llm_named("gpt2");
  llm.keep_layers(2);
  ArchSpec arch = load_arch_named("gpu/h100-sxm");
  arch.storage = StorageSpec{6e9, 150e3, 100, 1'000'000'000'000, 0};
  arch.execution.stored_weights = StoredWeightsSpec{};
  RunnerOptions roofline;
  roofline.fidelity = Fidelity::roofline;
  OperatorRunner runner(arch, roofline);
  SimulatedSizes sizes(llm, formats_of(DType::fp16), {}, arch.execution, runner);
  StepOracle oracle(sizes);
  StepLoad load;
  load.decoding = 1;
  load.decoding_context = 128;
  const StagedCost composed = oracle.cost(load);
  const StagedCost whole = sizes.whole({{{Phase::decode, 1, 1, 128}}});
  EXPECT_NEAR(composed.sum.seconds / whole.sum.seconds, 1, 0.02);
}

}  // namespace
}  // namespace orrery::test
