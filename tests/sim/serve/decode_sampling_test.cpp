// Sums over many steps from few of them.

#include "sim/serve/decode_sampling.h"

#include <gtest/gtest.h>

namespace orrery::test {
namespace {

double planned_sum(const SamplePlan& plan, const std::function<double(std::uint64_t)>& value) {
  double sum = 0;
  for (const auto& [step, weight] : plan.double_weights)
    sum += 0.5 * static_cast<double>(weight) * value(step);
  return sum;
}

TEST(DecodeSampling, AStraightLineIsSummedExactlyFromFewSamples) {
  const auto line = [](std::uint64_t i) { return 5.0 + 0.25 * static_cast<double>(i); };
  for (const std::uint64_t steps : {1U, 7U, 9U, 64U, 1000U, 1023U}) {
    const SamplePlan plan = sample_steps(steps, 0.001, line);
    double exact = 0;
    for (std::uint64_t i = 0; i < steps; ++i) exact += line(i);
    EXPECT_NEAR(planned_sum(plan, line), exact, 1e-9 * exact) << steps;
    EXPECT_LE(plan.double_weights.size(), 9U);
  }
}

TEST(DecodeSampling, AStepIsFoundAndTheErrorStaysWithinTheBound) {
  const auto staircase = [](std::uint64_t i) { return i < 300 ? 1.0 : 1.5; };
  const SamplePlan plan = sample_steps(1000, 0.001, staircase);
  const double exact = 300 + 1.5 * 700;
  EXPECT_NEAR(planned_sum(plan, staircase), exact, 0.002 * exact);
  EXPECT_LE(plan.largest_deviation, 0.001);
}

TEST(DecodeSampling, ToleranceZeroSamplesEveryStep) {
  EXPECT_EQ(sample_steps(100, 0, [](std::uint64_t) { return 1.0; }).double_weights.size(), 100U);
}

}  // namespace
}  // namespace orrery::test
