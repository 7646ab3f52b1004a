#include "sim/mapping/pim_mapping.h"

#include <gtest/gtest.h>

#include "sim/config/arch_loader.h"
#include "sim/engine/kernel_run.h"
#include "sim/engine/machine.h"
#include "sim/engine/roofline.h"
#include "sim/workload/standalone_operator.h"
#include "tests/support/small_machine.h"

namespace orrery::test {
namespace {

Operator product(std::uint64_t m) {
  return standalone(OperatorKind::matmul, MatmulShape{1, m, 6144, 1536}, DType::bf16);
}

TEST(PimMapping, AVectorGoesToTheMemoryAndAPromptToTheCores) {
  const ArchSpec arch = load_arch_named("pim/ianus");
  EXPECT_NE(Mapper(arch).map(product(1), 20).front().description.find("in memory"), std::string::npos);
  EXPECT_EQ(Mapper(arch).map(product(512), 20).front().description.find("in memory"), std::string::npos);
}

TEST(PimMapping, OnlyWhatTheUnitsMultiplyAndWhatLiesInMemory) {
  ArchSpec arch = load_arch_named("pim/ianus");
  EXPECT_TRUE(pim_product(product(1), arch.dram));
  Operator op = product(1);
  op.inputs[1].kind = TensorKind::activation;
  EXPECT_FALSE(pim_product(op, arch.dram));
  op = product(1);
  op.inputs[1].format = stored_as(DType::int4);
  EXPECT_FALSE(pim_product(op, arch.dram));
  arch.dram.pim->rates = {};
  EXPECT_FALSE(pim_product(product(1), arch.dram));
  EXPECT_TRUE(map_pim(load_arch_named("pim/npu-mem"), product(1)).empty());
}

// Run on the machine: MACs are the operator's, nothing but inputs and results crosses the pins, and neither
// fidelity beats the bound.
TEST(PimMapping, RunsOnTheMachineAndConservesItsWork) {
  const ArchSpec arch = load_arch_named("pim/ianus");
  const Operator op = product(1);
  const KernelResult r = run_kernel(op, arch, {});
  EXPECT_EQ(r.counts.pim_macs, 6144ULL * 1536);
  EXPECT_EQ(r.counts.total_macs(), 6144ULL * 1536);
  EXPECT_EQ(r.counts.dram_bytes(), 0U);
  EXPECT_LT(r.counts.pim_bus_bytes, 200'000U);
  EXPECT_GE(r.counts.pim_array_bytes, 2ULL * 6144 * 1536);
  EXPECT_GT(r.latency_s, roofline(op, arch, true).seconds);
  EXPECT_GT(r.energy.total().value(), 0);
  EXPECT_NEAR(r.time.total(), r.latency_s, 1e-12);
}

// The machine at fidelity `cycle` plays the commands one by one.
TEST(PimMapping, CycleAgrees) {
  const ArchSpec arch = load_arch_named("pim/ianus");
  Program program = map_pim(arch, product(1)).front().program;
  Machine machine(arch, Fidelity::cycle);
  const double cycle_s = to_seconds(machine.run(program, {}, false).time);
  EXPECT_NEAR(cycle_s / map_pim(arch, product(1)).front().estimate_s, 1, 0.05);
}

}  // namespace
}  // namespace orrery::test
