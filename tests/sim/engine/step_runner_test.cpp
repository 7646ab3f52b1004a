#include "sim/engine/step_runner.h"

#include <gtest/gtest.h>

#include "sim/config/arch_loader.h"
#include "sim/engine/isolate.h"
#include "sim/workload/llm_spec.h"
#include "sim/workload/transformer_graph.h"

namespace orrery::test {
namespace {

double host_us(const RuntimeSpec& runtime, std::uint64_t sequences, bool together) {
  const Tally step = with_software({}, runtime, sequences, together);
  return 1e6 * step.split.parts[static_cast<std::size_t>(TimeCategory::host)];
}

// The host's work of a step: its own, each sequence's, and what sending it to several devices takes.
TEST(StepRunner, SoftwareTakesTimeByStepSequenceAndGroup) {
  RuntimeSpec runtime;
  runtime.step_us = 1000;
  runtime.sequence_us = 10;
  runtime.group_us = 400;
  EXPECT_NEAR(host_us(runtime, 0, false), 1000, 1e-9);
  EXPECT_NEAR(host_us(runtime, 8, false), 1080, 1e-9);
  EXPECT_NEAR(host_us(runtime, 8, true), 1480, 1e-9);
}

// A step waits for what it reads from storage, and pays for it.
TEST(StepRunner, WaitsForStorage) {
  const auto simulate = [] {
    ArchSpec arch = load_arch_named("gpu/m1-max");
    LlmSpec llm = load_llm_named("opt-6.7b");
    llm.keep_layers(1);
    const auto run = [&] {
      RunnerOptions roofline;
      roofline.fidelity = Fidelity::roofline;
      OperatorRunner runner(arch, roofline);
      const OperatorGraph graph =
          build_step(llm, {{{Phase::decode, 1, 1, 64}}}, formats_of(DType::fp16), {}, arch.execution);
      return StepRunner(runner, RuntimeSpec{}).run(graph, 1);
    };
    const Tally all = run();
    arch.execution.stored_weights = StoredWeightsSpec{};
    const Tally read = run();
    const double waited = read.split.parts[static_cast<std::size_t>(TimeCategory::storage)];
    EXPECT_NEAR(read.seconds - all.seconds, waited, 1e-9);
    EXPECT_NEAR(waited * 6.1e9, static_cast<double>(read.counts().storage_bytes), 1e6);
    EXPECT_NEAR(read.energy.storage.value(), 8e-10 * static_cast<double>(read.counts().storage_bytes), 1e-6);
    EXPECT_EQ(all.counts().storage_bytes, 0U);
    return std::string(::testing::Test::HasFailure() ? "failed" : "good");
  };
  EXPECT_EQ(run_isolated({simulate}, 1).front(), "good");
}

}  // namespace
}  // namespace orrery::test
