// What a result says of its own error: measured bands inside, wider ones outside, none where nothing is
// known.

#include <gtest/gtest.h>

#include "sim/config/arch_loader.h"
#include "sim/estimate/expected_error.h"

namespace orrery::test {
namespace {

AccuracyTable table() {
  AccuracyTable t;
  t.kernels.push_back({"gpu/a100-pcie-80gb", "matmul", "fp16", {100, 0.01, 0.07, 0.16}, {10, 1000}});
  t.kernels.push_back({"gpu/h100-sxm", "matmul", "fp16", {50, 0.01, 0.08, 0.20}, {10, 1000}});
  t.runs.push_back({"gpu/h100-sxm",
                    "vllm",
                    {30, 0, 0.1, 0.2},
                    {1, 64},
                    {128, 2048},
                    {128, 2048},
                    {1, 4},
                    {"fp16"},
                    {"llama-2-7b"}});
  return t;
}

KernelResult kernel(const std::string& arch, double us) {
  KernelResult r;
  r.arch = arch;
  r.op = "matmul";
  r.dtype = "fp16";
  r.fidelity = "tile";
  r.latency_s = us * 1e-6;
  return r;
}

RunResult run(const std::string& arch, const std::string& runtime) {
  RunResult r;
  r.arch = arch;
  r.runtime = runtime;
  r.model = "llama-2-7b";
  r.dtype = "fp16";
  r.fidelity = "tile";
  r.batch = 16;
  r.input = r.output = 512;
  return r;
}

TEST(ExpectedError, InsideWhatWasMeasuredItIsTheMeasuredBand) {
  const ArchSpec arch = load_arch_named("gpu/a100-pcie-80gb");
  const ExpectedError e = expected_error(kernel(arch.name, 100), arch, table());
  EXPECT_TRUE(e.inside);
  EXPECT_DOUBLE_EQ(e.p90.value_or(-1), 0.16);
  EXPECT_DOUBLE_EQ(e.mean.value_or(-1), 0.07);
}

TEST(ExpectedError, OutsideItIsWiderAndSaysWhy) {
  const ArchSpec arch = load_arch_named("gpu/a100-pcie-80gb");
  const ExpectedError small = expected_error(kernel(arch.name, 3), arch, table());
  EXPECT_FALSE(small.inside);
  EXPECT_DOUBLE_EQ(small.p90.value_or(-1), 0.16 * kOutsideFactor);
  EXPECT_NE(small.basis.find("3.0 us (10 to 1000 measured)"), std::string::npos) << small.basis;
  // The nearest relative: Hopper's library before Ampere's.
  const ArchSpec h200 = load_arch_named("gpu/h200-sxm");
  const ExpectedError other = expected_error(kernel(h200.name, 100), h200, table());
  EXPECT_DOUBLE_EQ(other.p90.value_or(-1), 0.20 * kOutsideFactor);
  EXPECT_NE(other.basis.find("outside: machine"), std::string::npos) << other.basis;
}

TEST(ExpectedError, UnknownWhereNothingComparableWasMeasured) {
  for (const char* name : {"asic/tpu-v5e", "gpu/mi300x", "fpga/u280-x4-dfx"}) {
    const ArchSpec arch = load_arch_named(name);
    EXPECT_FALSE(expected_error(kernel(name, 100), arch, table()).p90.has_value()) << name;
    EXPECT_FALSE(expected_error(run(name, "vllm"), arch, table()).p90.has_value()) << name;
  }
  KernelResult r = kernel("gpu/h100-sxm", 100);
  r.op = "rope";
  EXPECT_FALSE(expected_error(r, load_arch_named("gpu/h100-sxm"), table()).p90.has_value());
  r.op = "matmul";
  r.fidelity = "roofline";
  EXPECT_FALSE(expected_error(r, load_arch_named("gpu/h100-sxm"), table()).p90.has_value());
}

TEST(ExpectedError, WholeInferencesByStackModelAndRange) {
  const ArchSpec arch = load_arch_named("gpu/h100-sxm");
  EXPECT_TRUE(expected_error(run(arch.name, "vllm"), arch, table()).inside);
  RunResult big = run(arch.name, "vllm");
  big.batch = 256;
  EXPECT_FALSE(expected_error(big, arch, table()).inside);
  RunResult other = run(arch.name, "vllm");
  other.model = "gpt2";
  EXPECT_FALSE(expected_error(other, arch, table()).inside);
  // Without a stack only kernels are known, and the inference is a lower bound.
  const ExpectedError ideal = expected_error(run(arch.name, "ideal"), arch, table());
  EXPECT_TRUE(ideal.p90.has_value());
  EXPECT_FALSE(ideal.inside);
}

TEST(ExpectedError, TheShippedTableNamesKnownMachinesAndModels) {
  const AccuracyTable shipped = load_accuracy();
  EXPECT_GE(shipped.kernels.size(), 10U);
  EXPECT_GE(shipped.runs.size(), 4U);
  for (const KernelAccuracy& k : shipped.kernels) EXPECT_NO_THROW(load_arch_named(k.arch));
  for (const RunAccuracy& r : shipped.runs) EXPECT_NO_THROW(load_arch_named(r.arch));
}

}  // namespace
}  // namespace orrery::test
