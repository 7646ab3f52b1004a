// What the devices of a division do and hold adds up to the model's.

#include "sim/workload/pipeline.h"

#include <gtest/gtest.h>

#include <map>

#include "sim/workload/operator_counts.h"
#include "sim/workload/operator_stream.h"
#include "tests/support/config_error.h"

namespace orrery::test {
namespace {

ExecutionSpec all_fused() {
  ExecutionSpec execution;
  execution.fused = {FusedOperator::attention, FusedOperator::add_rmsnorm, FusedOperator::kv_append};
  return execution;
}

struct Work {
  std::uint64_t macs = 0;
  std::uint64_t weights = 0;                   // elements of matrices that products read
  std::map<OperatorKind, std::uint64_t> sent;  // bytes of collectives' arrays
  Work& operator+=(const Work& other) {
    macs += other.macs;
    weights += other.weights;
    for (const auto& [kind, bytes] : other.sent) sent[kind] += bytes;
    return *this;
  }
};

Work work_of(const OperatorGraph& graph) {
  Work work;
  for (const Operator& op : graph.operators) {
    work.macs += operator_macs(op);
    if (const auto* s = std::get_if<CollectiveShape>(&op.shape)) work.sent[op.kind] += s->bytes;
    if (op.kind == OperatorKind::matmul && op.inputs[1].kind == TensorKind::weight)
      work.weights += op.inputs[1].elements();
  }
  return work;
}

// Of one device of each stage, added up.
Work divided_work(const LlmSpec& llm, const Step& step, const Parallelism& split) {
  Work all;
  for (const LlmSpec& stage : pipeline_stages(llm, split.pipeline))
    all += work_of(build_step(stage, step, formats_of(DType::bf16), split, all_fused()));
  return all;
}

Parallelism over(std::uint32_t tp, std::uint32_t pp, std::uint32_t dp = 1, std::uint32_t ep = 1,
                 std::uint32_t cp = 1) {
  Parallelism p;
  p.tensor = tp;
  p.pipeline = pp;
  p.data = dp;
  p.expert = ep;
  p.context = cp;
  return p;
}

const Step kPrompt = {{{Phase::prefill, 2, 512, 512}}};
const Step kDecode = {{{Phase::decode, 64, 1, 1024}}};

TEST(Pipeline, TensorAndPipelineParallelWorkIsTheModels) {
  const LlmSpec llm = load_llm_named("llama-3-8b");
  for (const Step& step : {kPrompt, kDecode}) {
    const Work one = divided_work(llm, step, {});
    for (const std::uint32_t tp : {1U, 2U, 4U, 8U}) {
      for (const std::uint32_t pp : {1U, 2U, 3U, 7U, 32U}) {
        const Work each = divided_work(llm, step, over(tp, pp));
        EXPECT_EQ(each.macs * tp, one.macs) << tp << " x " << pp;
        EXPECT_EQ(each.weights * tp, one.weights) << tp << " x " << pp;
      }
    }
  }
}

TEST(Pipeline, ExchangesCarryWhatTheSchemesSay) {
  const LlmSpec llm = load_llm_named("llama-3-8b");
  const std::uint64_t rows = 1024ULL * 4096 * 2;  // bytes of all tokens' rows
  for (const std::uint32_t tp : {2U, 4U, 8U}) {
    for (const std::uint32_t pp : {1U, 2U, 4U}) {
      Work work = divided_work(llm, kPrompt, over(tp, pp));
      EXPECT_EQ(work.sent[OperatorKind::all_reduce], (2 * 32 + 1) * rows) << tp << " x " << pp;
      EXPECT_EQ(work.sent[OperatorKind::send_recv], (pp - 1) * rows / tp);
      // Logits of two sequences, and rows from the stage before.
      EXPECT_EQ(work.sent[OperatorKind::all_gather], 2 * 128256 * 2ULL + (pp - 1) * rows);
    }
  }
}

TEST(Pipeline, SequenceParallelNormsExchangeAsMuchAndHaveFewerRows) {
  const LlmSpec llm = load_llm_named("llama-3-8b");
  ExecutionSpec apart = all_fused();
  apart.tensor_parallel = TensorParallelScheme::sequence_parallel;
  const OperatorGraph graph = build_step(llm, kPrompt, formats_of(DType::bf16), over(4, 1), apart);
  Work work = work_of(graph);
  const std::uint64_t rows = 1024ULL * 4096 * 2;
  EXPECT_EQ(work.sent[OperatorKind::all_reduce], 0U);
  EXPECT_EQ(work.sent[OperatorKind::reduce_scatter], (2 * 32 + 1) * rows);
  EXPECT_EQ(work.sent[OperatorKind::all_gather], (2 * 32 + 1) * rows + 2 * 128256 * 2ULL);
  EXPECT_EQ(work.macs * 4, divided_work(llm, kPrompt, {}).macs);
  for (const Operator& op : graph.operators) {
    if (op.kind == OperatorKind::add_rmsnorm) {
      EXPECT_EQ(std::get<VectorShape>(op.shape).rows, 256U);
    }
  }
}

TEST(Pipeline, RingAttentionDoesEachPairOnceAndPassesKeysAndValuesRound) {
  const LlmSpec llm = load_llm_named("llama-3-8b");
  const Step prompt = {{{Phase::prefill, 1, 4096, 4096}}};
  const auto pairs = [&](const Parallelism& split) {
    std::uint64_t macs = 0;
    const OperatorGraph graph = build_step(llm, prompt, formats_of(DType::bf16), split, all_fused());
    for (const Operator& op : graph.operators)
      macs += op.kind == OperatorKind::attention ? operator_macs(op) : 0;
    return macs;
  };
  for (const std::uint32_t cp : {2U, 4U, 8U}) {
    EXPECT_EQ(pairs(over(1, 1, 1, 1, cp)) * cp, pairs({})) << cp;
    Work work = divided_work(llm, prompt, over(1, 1, 1, 1, cp));
    EXPECT_EQ(work.sent[OperatorKind::shift], 32ULL * (cp - 1) * 4096 / cp * 2 * 1024 * 2);
  }
}

TEST(Pipeline, ExpertParallelDevicesHoldAndDoTheirShare) {
  const LlmSpec llm = load_llm_named("mixtral-8x7b-v0.1");
  const auto experts = [&](const Step& step, const Parallelism& split) {
    Work work;
    const OperatorGraph graph = build_step(llm, step, formats_of(DType::bf16), split, all_fused());
    for (const Operator& op : graph.operators) {
      const bool expert = op.kind == OperatorKind::matmul && op.inputs[1].kind == TensorKind::weight &&
                          op.inputs[1].shape.size() == 3;
      if (!expert) continue;
      work.macs += operator_macs(op);
      work.weights += op.inputs[1].elements();
    }
    return work;
  };
  const Work one = experts(kPrompt, {});
  // In a tensor-parallel group.
  for (const auto& [tp, ep] : {std::pair(4U, 1U), std::pair(4U, 2U), std::pair(4U, 4U), std::pair(8U, 8U)}) {
    const Work each = experts(kPrompt, over(tp, 1, 1, ep));
    EXPECT_EQ(each.macs * tp, one.macs) << tp << " " << ep;
    EXPECT_EQ(each.weights * tp, one.weights) << tp << " " << ep;
  }
  // Over replicas of a quarter of the batch each: as much work as for all of it on one device.
  const Step quarter = {{{Phase::prefill, 1, 256, 256}}};
  const Work across = experts(quarter, over(2, 1, 4, 8));
  EXPECT_EQ(across.macs * 8, one.macs);
  EXPECT_EQ(across.weights * 8, one.weights);
}

TEST(Pipeline, RowsTravelOnceToEachDeviceThatHasAnExpert) {
  const LlmSpec llm = load_llm_named("mixtral-8x7b-v0.1");
  const std::uint64_t tokens = 1024;
  Work work = divided_work(llm, kPrompt, over(1, 1, 4, 4));
  // Two of eight experts, two on a device: a token has none there with (6 x 5) / (8 x 7).
  const double there = 1 - 30.0 / 56;
  const double received = 4 * tokens * there;
  const double bytes = 32 * std::ceil(received * (1 - 1e-9)) * 4096 * 2;
  EXPECT_EQ(static_cast<double>(work.sent[OperatorKind::moe_dispatch]), bytes);
  EXPECT_EQ(static_cast<double>(work.sent[OperatorKind::moe_combine]), bytes);
  EXPECT_EQ(work.sent[OperatorKind::all_reduce], 0U);
}

TEST(Pipeline, ATokensGroupsLimitWhereItTravels) {
  // Half of eight groups of 32 experts, eight experts among them.
  const LlmSpec llm = load_llm_named("deepseek-v3");
  const Step step = {{{Phase::decode, 128, 1, 4096}}};
  const auto received = [&](std::uint32_t devices) {
    return static_cast<double>(
               divided_work(llm, step, over(1, 1, devices, devices)).sent[OperatorKind::moe_combine]) /
           (58.0 * 7168 * 2);
  };
  double none = 1;
  for (int i = 0; i < 8; ++i) none *= (96.0 - i) / (128.0 - i);
  EXPECT_NEAR(received(8), 8 * 128 * 0.5 * (1 - none), 1);
  // Two groups a device: both, one or none of them are a token's.
  double two = 1;
  for (int i = 0; i < 8; ++i) two *= (64.0 - i) / (128.0 - i);
  EXPECT_NEAR(received(4), 4 * 128 * (15.0 / 70 * (1 - two) + 40.0 / 70 * (1 - none)), 1);
}

TEST(Pipeline, ASkewedLoadIsTheBusiestDevices) {
  const LlmSpec llm = load_llm_named("qwen3-30b-a3b");
  Parallelism split = over(1, 1, 8, 8);
  const std::uint64_t even = divided_work(llm, kPrompt, split).macs;
  split.expert_load = expert_load_named("zipf:1");
  const std::uint64_t skewed = divided_work(llm, kPrompt, split).macs;
  EXPECT_GT(static_cast<double>(skewed), 1.2 * static_cast<double>(even));
}

TEST(Pipeline, UnevenHeadsArePaddedAndFewKeysReplicated) {
  AttentionBlock block;
  block.heads = 28;
  block.kv_heads = 4;
  const auto on = [&](std::uint64_t devices) {
    const auto heads = block.on_each(devices);
    return std::pair(heads.query, heads.kv);
  };
  EXPECT_EQ(on(4), (std::pair<std::uint64_t, std::uint64_t>(7, 1)));
  EXPECT_EQ(on(8), (std::pair<std::uint64_t, std::uint64_t>(4, 1)));
  EXPECT_EQ(on(3), (std::pair<std::uint64_t, std::uint64_t>(14, 2)));
  Scenario scenario;
  scenario.input = 100;
  scenario.split.tensor = 8;
  const std::vector<std::string> warnings = scenario_warnings(load_llm_named("qwen2.5-7b"), scenario);
  ASSERT_EQ(warnings.size(), 2U);
  EXPECT_NE(warnings[0].find("28 heads over --tp 8 are padded to 32"), std::string::npos);
  EXPECT_NE(warnings[1].find("replicated to 8"), std::string::npos);
}

TEST(Pipeline, StagesAreEvenAndTheLastHasNoneOfWhatIsLeftOver) {
  std::vector<std::uint64_t> layers;
  for (std::uint32_t s = 0; s < 4; ++s) layers.push_back(layers_of_stage(14, s, 4));
  EXPECT_EQ(layers, (std::vector<std::uint64_t>{3, 4, 4, 3}));
}

TEST(Pipeline, AStageHoldsItsShareAlone) {
  const LlmSpec llm = load_llm_named("llama-3-8b");
  Scenario scenario;
  scenario.batch = 4;
  scenario.split.pipeline = 4;
  std::uint64_t sum = 0;
  for (const LlmSpec& stage : pipeline_stages(llm, 4))
    sum += device_parameters(stage, scenario.formats, scenario.split).total;
  EXPECT_EQ(sum, count_parameters(llm).total);
  EXPECT_EQ(kv_bytes_per_token(llm, scenario), 8ULL * 2 * 1024 * 2);
}

TEST(Pipeline, RefusesWhatCannotBeStages) {
  EXPECT_NE(config_error([] { pipeline_stages(load_llm_named("gpt2"), 13); }).find("12 layers"),
            std::string::npos);
  EXPECT_NE(config_error([] { pipeline_stages(load_llm_named("t5-small"), 2); }).find("encoder"),
            std::string::npos);
}

}  // namespace
}  // namespace orrery::test
