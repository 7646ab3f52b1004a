#include "sim/engine/step_runner.h"

#include <gtest/gtest.h>

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

}  // namespace
}  // namespace orrery::test
