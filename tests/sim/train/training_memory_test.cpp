// What training keeps, against closed forms.

#include "sim/train/training_memory.h"

#include <gtest/gtest.h>

#include "sim/config/name_lookup.h"
#include "sim/workload/llm_spec.h"

namespace orrery::test {
namespace {

LlmSpec gpt(std::uint64_t hidden, std::uint64_t heads, std::uint64_t layers) {
  const nlohmann::json facts = {{"model_type", "gpt2"}, {"n_embd", hidden},    {"n_head", heads},
                                {"n_layer", layers},    {"vocab_size", 51200}, {"n_positions", 2048},
                                {"attn_pdrop", 0.1},    {"resid_pdrop", 0.1}};
  return build_llm(ConfigDocument::of(facts, "gpt"));
}

TrainingPlan plan_of(std::uint64_t micro_batch) {
  TrainingPlan plan;
  plan.batch = plan.micro_batch = micro_batch;
  plan.formats = formats_of(DType::fp16);
  return plan;
}

// Korthikanti et al. (arXiv 2205.05198), section 4.1: s b h (34 + 5 a s / h) bytes a layer, of which
// selective recomputation keeps s b h 34 and full recomputation s b h 2.
TEST(TrainingMemory, ActivationsOfALayerAreThePapers) {
  const double s = 2048, b = 4, h = 6144, a = 64, layers = 3;
  const LlmSpec llm = gpt(6144, 64, 3);
  const TrainingPlan plan = plan_of(4);
  const OperatorGraph graph = build_step(llm, plan.step(), plan.formats, plan.split, {});
  const double sbh = s * b * h;
  // The mask of what the last layer adds lies behind it.
  const double mask = sbh;
  EXPECT_NEAR(static_cast<double>(kept_activations(graph, Recompute::none).each),
              layers * sbh * (34 + 5 * a * s / h) - mask, 1);
  EXPECT_NEAR(static_cast<double>(kept_activations(graph, Recompute::selective).each),
              layers * sbh * 34 - mask, 1);
  EXPECT_EQ(static_cast<double>(kept_activations(graph, Recompute::full).each), layers * sbh * 2);
}

// Copies, masks and dropouts that a stack has as kernels of their own are not kept for what their gradients
// do not read.
TEST(TrainingMemory, OperatorsApartKeepNoMore) {
  const LlmSpec llm = gpt(1024, 16, 3);
  const TrainingPlan plan = plan_of(2);
  const auto kept = [&](const std::vector<FusedOperator>& apart, Recompute recompute) {
    ExecutionSpec execution;
    execution.apart = apart;
    return kept_activations(build_step(llm, plan.step(), plan.formats, plan.split, execution), recompute)
        .each;
  };
  using F = FusedOperator;
  EXPECT_EQ(kept({F::mask}, Recompute::none), kept({}, Recompute::none));
  for (const Recompute recompute : {Recompute::none, Recompute::selective}) {
    for (const F one : {F::transpose, F::dropout, F::bias})
      EXPECT_EQ(kept({one}, recompute), kept({}, recompute)) << to_string(one) << " " << to_string(recompute);
  }
}

TEST(TrainingMemory, ZeroSharesWhatItSays) {
  TrainingPlan plan = plan_of(1);
  plan.split.data = 8;
  plan.batch = 8;
  const std::uint64_t n = 1 << 20;
  const auto memory = [&](std::uint32_t zero) {
    plan.zero = zero;
    return training_memory(plan, 0, {{n, 0}}, {{}});
  };
  EXPECT_EQ(memory(0).total(), 2 * n + 4 * n + 12 * n);
  EXPECT_EQ(memory(1).total(), 2 * n + 4 * n + 12 * n / 8);
  EXPECT_EQ(memory(2).total(), 2 * n + 4 * n / 8 + 12 * n / 8);
  EXPECT_EQ(memory(3).total(), (2 * n + 4 * n + 12 * n) / 8);
}

TEST(TrainingMemory, ExpertsHaveReplicasOfTheirOwn) {
  const LlmSpec llm = build_llm(load_llm_document(find_model_file("mixtral-8x7b-v0.1")));
  TrainingPlan plan = plan_of(8);
  plan.split.data = 8;
  plan.split.expert = 4;
  const StageParameters p = stage_parameters(llm, plan);
  EXPECT_EQ(p.experts, 32ULL * 2 * 3 * 4096 * 14336);
  EXPECT_EQ(expert_replicas(plan.split), 2U);
  plan.split.expert = 1;
  const StageParameters all = stage_parameters(llm, plan);
  EXPECT_EQ(all.all, count_parameters(llm).total);
  EXPECT_EQ(all.experts, 4 * p.experts);
  EXPECT_EQ(all.dense(), p.dense());
}

TEST(TrainingMemory, APipelinesFirstStageKeepsTheMostMicroBatches) {
  TrainingPlan plan = plan_of(1);
  plan.batch = 64;
  plan.split.pipeline = 4;
  const auto kept = [&](std::uint32_t device) {
    return training_memory(plan, device, {{}}, {{1000, 10}}).activations;
  };
  EXPECT_EQ(kept(0), 4010U);
  EXPECT_EQ(kept(3), 1010U);
}

}  // namespace
}  // namespace orrery::test
