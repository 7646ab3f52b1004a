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
  ASSERT_EQ(graph.operators.size(), 5U);
  const auto& up = std::get<MatmulShape>(graph.operators[1].shape);
  EXPECT_EQ(up.batch, 8U);
  EXPECT_EQ(up.m, 12U);
  EXPECT_EQ(up.n, 1024U);  // gate and up
  EXPECT_EQ(up.grouped, 1U);
  EXPECT_EQ(graph.operators[1].inputs[1].bytes(), 8U * 1024 * 1024 * 2);
  EXPECT_EQ(std::get<RoutingShape>(graph.operators[0].shape).experts, 2U);  // 1.5 copies a token
}

TEST(Experts, WeightsThatAreReadAreNoWholeNumberOfExperts) {
  Experts e = some_experts();
  e.share.active = 7.5;
  const OperatorGraph graph = written_by(e);
  EXPECT_NEAR(static_cast<double>(graph.operators[1].inputs[1].bytes()), 7.5 * 1024 * 1024 * 2, 2e4);
}

TEST(Experts, PlainActivationsHaveNoGate) {
  Experts e = some_experts();
  e.activation = ActivationKind::gelu;
  const OperatorGraph graph = written_by(e);
  EXPECT_EQ(std::get<MatmulShape>(graph.operators[1].shape).n, 512U);
  EXPECT_EQ(graph.operators[2].kind, OperatorKind::gelu);
}

}  // namespace
}  // namespace orrery::test
