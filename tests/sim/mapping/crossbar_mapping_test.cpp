#include "sim/mapping/crossbar_mapping.h"

#include <gtest/gtest.h>

#include "sim/config/arch_loader.h"
#include "sim/engine/roofline.h"
#include "sim/util/errors.h"
#include "sim/workload/operator_counts.h"
#include "sim/workload/standalone_operator.h"
#include "tests/support/command.h"
#include "tests/support/isolated_kernel.h"

namespace orrery::test {
namespace {

Operator held_product(std::uint64_t n) {
  return standalone(OperatorKind::matmul, MatmulShape{1, 512, n, 768}, DType::int8);
}

// Weights in place are neither read nor written; a product of two activations is written into the cells.
TEST(CrossbarMapping, WeightsInPlaceStayWhereTheyAre) {
  const ArchSpec arch = load_arch_named("pim/x-former");
  Operator op = held_product(768);
  ASSERT_TRUE(weights_in_place(arch, op));
  const IsolatedKernel r = isolated_kernel(op, arch);
  EXPECT_EQ(r.counts.total_macs(), operator_macs(op));
  EXPECT_EQ(r.counts.cells_written, 0U);
  EXPECT_LT(r.counts.dram_read_bytes, 2U * 512 * 768);
  EXPECT_GT(r.counts.adc_conversions, 0U);
  EXPECT_GE(r.latency_s, roofline(op, arch, true).seconds);
  // 512 vectors of 8 bits, 128 columns an ADC, at 1.28 GHz.
  EXPECT_NEAR(r.latency_s, 512 * 8 * 128 / 1.28e9, 0.05 * r.latency_s);
  op.inputs[1].kind = TensorKind::activation;
  EXPECT_FALSE(weights_in_place(arch, op));
  const IsolatedKernel written = isolated_kernel(op, arch);
  EXPECT_GE(written.counts.cells_written, 768ULL * 768 * 4);
  EXPECT_GE(written.counts.dram_read_bytes, 768U * 768 + 512 * 768);
  EXPECT_FALSE(weights_in_place(load_arch_named("asic/analog-npu"), held_product(768)));
}

TEST(CrossbarMapping, AModelThatDoesNotFitIsRefused) {
  const ArchSpec arch = load_arch_named("pim/x-former");
  std::vector<Operator> layers(2, held_product(768));
  layers[1].inputs[1].id = layers[0].inputs[1].id;  // the same weights twice
  EXPECT_NO_THROW(check_in_place(arch, layers));
  const CommandResult r = orrery_command("run --arch pim/x-former --model llama-2-7b --input 8 --output 1");
  EXPECT_EQ(r.exit_code, 2);
  EXPECT_NE(r.err.find("crossbars of 128 x 128 cells; pim/x-former holds weights in 20880 of them"),
            std::string::npos)
      << r.err;
}

// All crossbars of a product work at once, however wide it is.
TEST(CrossbarMapping, AWideProductTakesNoLonger) {
  ArchSpec arch = load_arch_named("pim/x-former");
  auto& crossbar = std::get<CrossbarSpec>(arch.cores.matrix);
  crossbar.count += 1U << 22;
  crossbar.in_place += 1U << 22;
  const double narrow = isolated_kernel(held_product(768), arch).latency_s;
  EXPECT_LT(isolated_kernel(held_product(30'522), arch).latency_s, 1.2 * narrow);
}

TEST(CrossbarMapping, WeightsInPlaceAreNotTrained) {
  const CommandResult r = orrery_command("train --arch pim/x-former --model gpt2 --sequence 64");
  EXPECT_EQ(r.exit_code, 2);
  EXPECT_NE(r.err.find("holds weights in place"), std::string::npos) << r.err;
}

}  // namespace
}  // namespace orrery::test
