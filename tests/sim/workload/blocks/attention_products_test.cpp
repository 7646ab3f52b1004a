#include "sim/workload/blocks/attention_products.h"

#include <gtest/gtest.h>

#include "sim/workload/llm_spec.h"
#include "sim/workload/operator_counts.h"
#include "sim/workload/transformer_graph.h"

namespace orrery::test {
namespace {

std::uint64_t products_of(const OperatorGraph& graph) {
  std::uint64_t sum = 0;
  for (const Operator& op : graph.operators) sum += operator_macs(op);
  return sum;
}

// Attention across is three operators too where attention is not fused, and multiplies as much.
TEST(AttentionProducts, OfAnEncoderAndADecoder) {
  const LlmSpec llm = load_llm_named("t5-small");
  const Step step = {{{Phase::prefill, 2, 64, 64}}};
  ExecutionSpec fused;
  fused.fused = {FusedOperator::attention};
  const OperatorGraph one = build_step(llm, step, formats_of(DType::fp16), {}, fused);
  const OperatorGraph three = build_step(llm, step, formats_of(DType::fp16), {}, {});
  EXPECT_EQ(three.operators.size(), one.operators.size() + 18 * 2);
  for (const Operator& op : three.operators)
    EXPECT_FALSE(std::holds_alternative<AttentionShape>(op.shape)) << op.id;
  EXPECT_GE(products_of(three), products_of(one));  // causal halves are multiplied whole
}

}  // namespace
}  // namespace orrery::test
