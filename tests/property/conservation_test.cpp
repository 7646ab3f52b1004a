// What a kernel counts is what its operator asks for.

#include <gtest/gtest.h>

#include "sim/config/arch_loader.h"
#include "sim/engine/kernel_run.h"
#include "sim/workload/operator_counts.h"
#include "tests/support/random_operator.h"

namespace orrery::test {
namespace {

TEST(Conservation, MacsCountedAreTheOperatorsMacs) {
  const ArchSpec arch = load_arch_named("gpu/a100-sxm-80gb");
  OperatorRunner runner(arch, {});
  Random random(7);
  for (int i = 0; i < 30; ++i) {
    const Operator op = random_operator(random, arch, 1ULL << 33);
    EXPECT_EQ(run_kernel(op, runner).counts.total_macs(), operator_macs(op));
  }
}

}  // namespace
}  // namespace orrery::test
