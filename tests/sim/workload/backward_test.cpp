// Gradients: as many products as the chain rule asks for, and what devices exchange.

#include "sim/workload/backward.h"

#include <gtest/gtest.h>

#include <map>

#include "sim/workload/llm_spec.h"
#include "sim/workload/operator_counts.h"
#include "sim/workload/transformer_graph.h"
#include "tests/support/config_error.h"

namespace orrery::test {
namespace {

OperatorGraph forward_of(const char* model, const Parallelism& split = {}, bool fused = false) {
  ExecutionSpec execution;
  if (fused) execution.fused = {FusedOperator::attention, FusedOperator::add_rmsnorm};
  const Step step = {{{Phase::training, 2, 256, 256}}};
  return build_step(load_llm_named(model), step, formats_of(DType::bf16), split, execution);
}

std::uint64_t macs_in(const OperatorGraph& graph, bool attention) {
  std::uint64_t sum = 0;
  for (const Operator& op : graph.operators) {
    if (std::holds_alternative<AttentionShape>(op.shape) == attention) sum += operator_macs(op);
  }
  return sum;
}

std::map<OperatorKind, std::uint64_t> exchanged(const OperatorGraph& graph) {
  std::map<OperatorKind, std::uint64_t> bytes;
  for (const Operator& op : graph.operators) {
    if (const auto* s = std::get_if<CollectiveShape>(&op.shape)) bytes[op.kind] += s->bytes;
  }
  return bytes;
}

TEST(Backward, EachProductHasTwoGradients) {
  for (const char* model : {"gpt2", "llama-3-8b", "mixtral-8x7b-v0.1", "qwen3-30b-a3b", "deepseek-v3"}) {
    const OperatorGraph forward = forward_of(model);
    const OperatorGraph backward = backward_of(forward, {});
    EXPECT_EQ(macs_in(backward, false), 2 * macs_in(forward, false)) << model;
    for (std::size_t i = 0; i < backward.operators.size(); ++i) {
      for (const std::uint32_t dep : backward.operators[i].deps) EXPECT_LT(dep, i) << model;
    }
  }
}

TEST(Backward, AFusedAttentionHasFiveProductsForTwo) {
  const OperatorGraph forward = forward_of("llama-3-8b", {}, true);
  const OperatorGraph backward = backward_of(forward, {});
  EXPECT_EQ(2 * macs_in(backward, true), 5 * macs_in(forward, true));
}

TEST(Backward, DevicesExchangeGradientsAsTheyExchangedRows) {
  Parallelism split;
  split.tensor = 4;
  split.data = 2;
  split.expert = 8;
  const OperatorGraph forward = forward_of("qwen3-30b-a3b", split);
  auto there = exchanged(forward);
  auto back = exchanged(backward_of(forward, {}));
  for (const OperatorKind kind :
       {OperatorKind::all_reduce, OperatorKind::moe_dispatch, OperatorKind::moe_combine})
    EXPECT_EQ(back[kind], there[kind]) << to_string(kind);
  EXPECT_GT(there[OperatorKind::moe_dispatch], 0U);
  EXPECT_EQ(back[OperatorKind::reduce_scatter], there[OperatorKind::all_gather]);
}

TEST(Backward, SumsOfGradientsAreKernelsWhereNothingFusesThem) {
  const OperatorGraph forward = forward_of("llama-3-8b");
  BackwardSpec apart;
  apart.sums_apart = true;
  std::uint64_t added = 0;
  for (const Operator& op : backward_of(forward, apart).operators) {
    if (op.kind == OperatorKind::add && op.inputs[0].format == apart.gradients)
      added += op.outputs[0].elements();
  }
  std::uint64_t weights = 0;
  for (const Operator& op : forward.operators) {
    if (op.kind == OperatorKind::matmul && op.inputs[1].kind == TensorKind::weight)
      weights += op.inputs[1].elements();
  }
  EXPECT_EQ(added, weights);
}

TEST(Backward, LayersAreWhatIsComputedAgain) {
  const OperatorGraph forward = forward_of("gpt2");
  const OperatorGraph layers = layers_of(forward);
  EXPECT_LT(layers.operators.size(), forward.operators.size());
  for (const Operator& op : layers.operators) EXPECT_GE(op.layer, 0);
}

TEST(Backward, RecurrencesAreRefused) {
  EXPECT_NE(config_error([] { backward_of(forward_of("mamba2-780m"), {}); }).find("not modelled"),
            std::string::npos);
}

}  // namespace
}  // namespace orrery::test
