// What a device does for the tokens that come to its experts.

#include "sim/workload/blocks/experts.h"

#include <gtest/gtest.h>

#include "sim/config/arch_loader.h"

namespace orrery::test {
namespace {

// 96 rows over 8 of 16 experts of 512 columns, for 64 tokens of 1024.
OperatorGraph written_by(Experts experts) {
  const ExecutionSpec execution;
  const NumberFormats formats = formats_of(DType::fp16);
  const Step step = step_named("prefill:1x64");
  GraphBuilder builder({step, execution, formats, {}, 1024}, std::make_shared<TensorNames>());
  experts.write(builder, builder.activation("x", {64, 1024}));
  return builder.take();
}

Experts some_experts() {
  Experts e;
  e.held = 16;
  e.experts_a_token = 2;
  e.hidden = 1024;
  e.columns = 512;
  e.share = {96, 8, 64};
  return e;
}

TEST(Experts, EachThatIsTakenHasItsShareOfTheRows) {
  const OperatorGraph graph = written_by(some_experts());
  ASSERT_EQ(graph.operators.size(), 7U);  // two of them order the rows
  const auto& up = std::get<MatmulShape>(graph.operators[3].shape);
  EXPECT_EQ(up.batch, 8U);
  EXPECT_EQ(up.m, 12U);
  EXPECT_EQ(up.n, 1024U);  // gate and up
  EXPECT_EQ(up.grouped, 1U);
  EXPECT_EQ(graph.operators[3].inputs[1].bytes(), 8U * 1024 * 1024 * 2);
  EXPECT_EQ(std::get<RoutingShape>(graph.operators[2].shape).experts, 2U);  // 1.5 copies a token
}

// Of 64 tokens 24 have one row here: as many are copied, and their results are added to rows of all tokens.
TEST(Experts, TokensWithoutACopyAreNotMoved) {
  Experts e = some_experts();
  e.share.rows = 24;
  const OperatorGraph graph = written_by(e);
  const auto& moved = std::get<RoutingShape>(graph.operators[2].shape);
  EXPECT_EQ(moved.tokens, 24U);
  EXPECT_EQ(moved.experts, 1U);
  const Operator& sum = graph.operators.back();
  EXPECT_EQ(std::get<RoutingShape>(sum.shape).tokens, 64U);
  EXPECT_EQ(sum.inputs[0].elements(), 24U * 1024);
  EXPECT_EQ(sum.outputs[0].elements(), 64U * 1024);
}

TEST(Experts, WeightsThatAreReadAreNoWholeNumberOfExperts) {
  Experts e = some_experts();
  e.share.active = 7.5;
  const OperatorGraph graph = written_by(e);
  EXPECT_NEAR(static_cast<double>(graph.operators[3].inputs[1].bytes()), 7.5 * 1024 * 1024 * 2, 2e4);
}

TEST(Experts, PlainActivationsHaveNoGate) {
  Experts e = some_experts();
  e.activation = ActivationKind::gelu;
  const OperatorGraph graph = written_by(e);
  EXPECT_EQ(std::get<MatmulShape>(graph.operators[3].shape).n, 512U);
  EXPECT_EQ(graph.operators[4].kind, OperatorKind::gelu);
}

}  // namespace
}  // namespace orrery::test
