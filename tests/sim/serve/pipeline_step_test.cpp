// Steps that follow each other through a pipeline, against its closed forms.

#include "sim/serve/pipeline_step.h"

#include <gtest/gtest.h>

namespace orrery::test {
namespace {

Tally taking(double seconds) {
  Tally tally;
  tally.add(TimeCategory::compute, seconds);
  ActivityCounts counts;
  counts.kernels = 12;
  tally += Tally(OperatorKind::matmul, 0, {}, counts, {}, 0);
  return tally;
}

PipelineStep even(std::uint32_t stages, double seconds) {
  PipelineStep step;
  for (std::uint32_t s = 0; s < stages; ++s) step.add(taking(seconds));
  return step;
}

TEST(PipelineStep, TheBubbleIsStagesLessOneOverStepsAndStagesLessOne) {
  for (const std::uint32_t stages : {1U, 2U, 4U, 16U}) {
    for (const std::uint64_t steps : {1ULL, 2ULL, 4ULL, 16ULL, 64ULL}) {
      const Tally all = even(stages, 3.0).follow(steps, true);
      EXPECT_DOUBLE_EQ(all.seconds, 3.0 * static_cast<double>(steps + stages - 1)) << stages << " " << steps;
      EXPECT_DOUBLE_EQ(all.split.total(), all.seconds);
      // A device does its own stage's work, each step once.
      EXPECT_EQ(all.counts().kernels, 12 * steps);
    }
  }
}

TEST(PipelineStep, TheSlowestStageSetsThePace) {
  PipelineStep step;
  for (const double seconds : {1.0, 5.0, 2.0}) step.add(taking(seconds));
  EXPECT_DOUBLE_EQ(step.follow(10, true).seconds, 8 + 9 * 5);
  EXPECT_DOUBLE_EQ(step.follow(10, false).seconds, 10 * 5);
}

TEST(PipelineStep, ATokenTakesAWholeRoundHoweverFewMicroBatchesThereAre) {
  EXPECT_DOUBLE_EQ(even(4, 2.0).round(1).seconds, 8);
  EXPECT_DOUBLE_EQ(even(4, 2.0).round(4).seconds, 8);
  EXPECT_DOUBLE_EQ(even(4, 2.0).round(6).seconds, 12);
}

}  // namespace
}  // namespace orrery::test
