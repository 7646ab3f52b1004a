// The spine end to end: a machine file, one matmul, device time. Measured by Zhang et al., LLMCompass, ISCA
// 2024 (A100 SXM4 80 GB, PyTorch, fp16); nothing in the machine file is fitted to these rows.

#include <gtest/gtest.h>

#include <cmath>
#include <nlohmann/json.hpp>

#include "tests/support/command.h"

namespace orrery::test {
namespace {

void expect_within(const char* shape, double measured_us, double share) {
  const CommandResult r = orrery_command(
      std::string("kernel --arch gpu/a100-sxm-80gb --op matmul --dtype fp16 --format json ") + shape);
  ASSERT_EQ(r.exit_code, 0) << r.err;
  const double simulated = nlohmann::json::parse(r.out).at("latency_us").get<double>();
  EXPECT_LT(std::abs(simulated / measured_us - 1), share) << simulated << " us for " << shape;
}

TEST(A100Matmul, SkinnyProductIsWithin15PercentOfTheMeasured190us) {
  expect_within("--m 64 --n 12288 --k 12288", 190.0, 0.15);
}
TEST(A100Matmul, MediumProductIsWithin15PercentOfTheMeasured1021us) {
  expect_within("--m 8192 --n 4096 --k 4096", 1021.0, 0.15);
}
TEST(A100Matmul, LargeProductIsWithin15PercentOfTheMeasured15ms) {
  expect_within("--m 8192 --n 16384 --k 16384", 15008.7, 0.15);
}

}  // namespace
}  // namespace orrery::test
