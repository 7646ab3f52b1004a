// Gradients: as many products as the chain rule asks for, and what devices exchange.

#include "sim/workload/backward.h"

#include <gtest/gtest.h>

#include <algorithm>
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
  for (const char* model :
       {"gpt2", "llama-3-8b", "mixtral-8x7b-v0.1", "qwen3-30b-a3b", "deepseek-v3", "transformer-big-wmt"}) {
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

// A stack that has the operators around a product as kernels of their own has more of them, and no other
// products.
TEST(Backward, WhatAStackHasApartIsWrittenApart) {
  const auto graph = [](const std::vector<FusedOperator>& apart) {
    ExecutionSpec execution;
    execution.apart = apart;
    const Step step = {{{Phase::training, 4, 32, 32}}};
    return build_step(load_llm_named("transformer-big-wmt"), step, formats_of(DType::fp16), {}, execution);
  };
  const OperatorGraph together = graph({});
  // Of a layer of the encoder: biases of four products; copies before and behind attention; a mask; two
  // dropouts. A decoder's has eight products with a bias (two of queries, keys and values of the other side),
  // five copies, two masks and three dropouts.
  using F = FusedOperator;
  const std::vector<std::pair<F, std::size_t>> more = {{F::bias, 6 * (4 + 7)},
                                                       {F::transpose, 6 * (2 + 5)},
                                                       {F::mask, 6 * (1 + 2)},
                                                       {F::dropout, 6 * (2 + 3)},
                                                       {F::loss, 2}};
  for (const auto& [what, added] : more) {
    const OperatorGraph apart = graph({what});
    EXPECT_EQ(apart.operators.size(), together.operators.size() + added) << to_string(what);
    EXPECT_EQ(macs_in(backward_of(apart, {}), false), 2 * macs_in(together, false)) << to_string(what);
  }
}

TEST(Backward, RowsThatAreTakenTogetherNeedFewerKernels) {
  const OperatorGraph forward = forward_of("transformer-big-wmt");
  BackwardSpec together;
  together.rows_together = true;
  const OperatorGraph apart = backward_of(forward, {});
  const OperatorGraph fewer = backward_of(forward, together);
  EXPECT_LT(fewer.operators.size(), apart.operators.size());
  EXPECT_EQ(macs_in(fewer, false), macs_in(apart, false));
  const auto sums = [](const OperatorGraph& graph) {
    return std::count_if(graph.operators.begin(), graph.operators.end(),
                         [](const Operator& op) { return op.kind == OperatorKind::column_sum; });
  };
  EXPECT_LT(sums(fewer), sums(apart));
}

}  // namespace
}  // namespace orrery::test
