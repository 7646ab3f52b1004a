#include "sim/study/training_part.h"

#include <gtest/gtest.h>

#include "sim/engine/isolate.h"
#include "sim/study/asked_run.h"

namespace orrery::test {
namespace {

AskedRun asked(const char* runtime) {
  AskedRun run;
  run.arch = "gpu/v100-sxm2";
  run.model = "transformer-big-wmt";
  run.runtime = runtime;
  run.scenario = {{"batch", 64}, {"input", 32}};
  run.training = TrainingPart{};
  run.training->micro_batch = 64;
  run.training->recompute = Recompute::none;
  run.metric = "/iteration_s";
  return run;
}

// Kernels that take the operators around a product together save time; no more than memory takes for those.
TEST(TrainingPart, AnIterationIsAFigure) {
  Session session({}, false);
  const auto seconds = [&session](const char* runtime) {
    const auto simulate = [&] { return std::to_string(figure_of(asked(runtime), session)); };
    return std::stod(run_isolated({simulate}, 1).front());
  };
  const double apart = seconds("fairseq");
  const double together = seconds("lightseq2");
  EXPECT_GT(apart, 1.15 * together);
  EXPECT_LT(apart, 2.5 * together);
}

TEST(TrainingPart, IsThePlansOfACommand) {
  AskedRun run = asked("ideal");
  run.training->zero = 2;
  run.training->gradients = "bf16";
  const Question question = {{run.arch, run.model, run.runtime, ""}, run.scenario};
  const Posed p = posed(configurations_of({question}, {}).front(), false);
  const TrainingPlan plan = training_plan_of(*run.training, p);
  EXPECT_EQ(plan.batch, 64U);
  EXPECT_EQ(plan.sequence, 32U);
  EXPECT_EQ(plan.micro_batch, 64U);
  EXPECT_EQ(plan.zero, 2U);
  EXPECT_EQ(plan.gradients, stored_as(DType::bf16));
  run.training->gradients = "fp99";
  EXPECT_THROW(training_plan_of(*run.training, p), ConfigError);
  EXPECT_FALSE(asked("ideal") == run);
}

}  // namespace
}  // namespace orrery::test
