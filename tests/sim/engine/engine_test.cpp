#include <gtest/gtest.h>

#include <cmath>
#include <set>

#include "sim/config/arch_loader.h"
#include "sim/engine/isolate.h"
#include "sim/engine/kernel_run.h"
#include "sim/engine/residency.h"
#include "sim/engine/roofline.h"
#include "sim/util/errors.h"
#include "tests/support/small_machine.h"

namespace orrery::test {
namespace {

TEST(Isolate, ReturnsAnswersInOrderAndErrorsAsTheyWere) {
  const auto answers =
      run_isolated({[] { return std::string("a"); }, [] { return std::string(200000, 'b'); }}, 2);
  EXPECT_EQ(answers[0], "a");
  EXPECT_EQ(answers[1].size(), 200000U);
  EXPECT_THROW(run_isolated({[]() -> std::string { throw ConfigError("x", "y"); }}, 1), ConfigError);
  EXPECT_THROW(run_isolated({[]() -> std::string { throw SimulationError("x", "y"); }}, 1), SimulationError);
  EXPECT_THROW(run_isolated({[]() -> std::string { std::_Exit(3); }}, 1), SimulationError);
  EXPECT_THROW(run_isolated({[]() -> std::string { std::_Exit(0); }}, 1), SimulationError);  // no answer
}

TEST(Isolate, ATaskThatFailsTakesNoOtherAlong) {
  const auto answers =
      answers_of_isolated({[]() -> std::string { std::_Exit(0); }, [] { return std::string("b"); },
                           []() -> std::string { throw ConfigError("", "no"); }},
                          2);
  ASSERT_EQ(answers.size(), 3U);
  EXPECT_NE(answers[0].failure.find("died"), std::string::npos);
  EXPECT_EQ(answers[1].text, "b");
  EXPECT_EQ(answers[1].failure, "");
  EXPECT_EQ(answers[2].failure, "no");
}

Operator add_of(const std::string& a, const std::string& b, const std::string& out) {
  Operator op = standalone(OperatorKind::add, VectorShape{1, 512}, DType::fp16);  // 1 KiB a tensor
  static TensorNames names;
  op.inputs[0].id = names.parse(a);
  op.inputs[1].id = names.parse(b);
  op.outputs[0].id = names.parse(out);
  return op;
}

TEST(Residency, KeepsTheNewestTensorsThatFit) {
  Residency residency(Bytes{4096});
  const std::vector<ResidentTensor> all = {{TensorId{0}, Bytes{1024}, Bytes{0}},
                                           {TensorId{1}, Bytes{1024}, Bytes{0}},
                                           {TensorId{2}, Bytes{1024}, Bytes{1024}}};
  residency.update(add_of("a", "b", "c"), {all, Bytes{0}});
  EXPECT_EQ(residency.seen_by(add_of("c", "a", "d")).tensors.size(), 2U);
  EXPECT_EQ(residency.seen_by(add_of("a", "b", "x")).other_dirty_bytes.value(), 1024U);  // c
  // d, e, f take 3 KiB of 4: one clean KiB at most stays, and dirty c only as far as the run says.
  residency.update(add_of("d", "e", "f"), {all, Bytes{1024}});
  EXPECT_EQ(residency.seen_by(add_of("c", "a", "b")).tensors.size(), 1U);
  residency.update(add_of("g", "h", "i"), {all, Bytes{0}});
  EXPECT_TRUE(residency.seen_by(add_of("c", "a", "f")).tensors.empty());  // written back and gone
}

TEST(Residency, RenamesALayersTensors) {
  Residency residency(Bytes{4096});
  residency.update(add_of("l1.a", "l1.b", "l1.c"), {{{TensorId{2}, Bytes{1024}, Bytes{0}}}, Bytes{0}});
  residency.rename_layer(1, 7);
  EXPECT_EQ(residency.seen_by(add_of("l7.c", "x", "y")).tensors.size(), 1U);
  EXPECT_TRUE(residency.seen_by(add_of("l1.c", "x", "y")).tensors.empty());
  EXPECT_TRUE(residency.seen_by(add_of("c", "x", "y")).tensors.empty());
}

TEST(Residency, AViewOfPartOfATensorLeavesTheRestOfItInPlace) {
  Residency residency(Bytes{1 << 20});
  // y of 4 KiB, all dirty; an operator sees 1 KiB of it.
  Operator maker = add_of("a", "b", "y");
  maker.outputs[0].shape = {4, 512};
  residency.update(maker, {{{TensorId{2}, Bytes{4096}, Bytes{4096}}}, Bytes{0}});
  const Operator viewer = add_of("y", "b", "z");
  EXPECT_EQ(residency.seen_by(viewer).other_dirty_bytes.value(), 3072U);
  ASSERT_EQ(residency.seen_by(viewer).tensors.size(), 1U);
  EXPECT_EQ(residency.seen_by(viewer).tensors[0].bytes.value(), 1024U);
  residency.update(
      viewer,
      {{{TensorId{0}, Bytes{1024}, Bytes{1024}}, {TensorId{2}, Bytes{1024}, Bytes{1024}}}, Bytes{3072}});
  Operator whole = add_of("y", "c", "w");
  whole.inputs[0].shape = {4, 512};
  EXPECT_EQ(residency.seen_by(whole).tensors[0].bytes.value(), 4096U);
  EXPECT_EQ(residency.seen_by(whole).tensors[0].dirty_bytes.value(), 4096U);
}

TEST(Roofline, IsTheLargestOfItsBounds) {
  const ArchSpec arch = small_machine();  // 256 MAC/ns, 25.6 GB/s
  const RooflineBound fat = roofline(standalone_matmul({1, 1024, 1024, 1024}, DType::fp16), arch, true);
  EXPECT_EQ(fat.bound, TimeCategory::compute);
  EXPECT_NEAR(fat.seconds, 1024.0 * 1024 * 1024 / 256e9, 1e-12);
  const RooflineBound thin = roofline(standalone_matmul({1, 1, 1024, 1024}, DType::fp16), arch, true);
  EXPECT_EQ(thin.bound, TimeCategory::dram);
  EXPECT_NEAR(thin.seconds, 2.0 * (1024 * 1024 + 1024) / 25.6e9, 1e-12);
  // In a run, what fits on chip may be there already.
  EXPECT_EQ(roofline(standalone_matmul({1, 1, 64, 64}, DType::fp16), arch, false).counts.dram_bytes(), 0U);
}

TEST(Roofline, AGraphReadsItsWeightsOnceUnlessTheyStayOnChip) {
  const ArchSpec arch = small_machine();
  OperatorGraph graph;
  for (int i = 0; i < 4; ++i) {  // four weights of 128 KiB, each smaller than the 256 KiB on chip
    Operator op = standalone_matmul({1, 1, 256, 256}, DType::fp16);
    op.inputs[1].id.layer = i;
    graph.operators.push_back(op);
  }
  EXPECT_EQ(roofline_of_weights(graph, arch).counts.dram_read_bytes, (4U * 128 - 256) * 1024);
}

TEST(OperatorRunner, ReplaysAKernelItHasSeenAndOnlyThat) {
  const ArchSpec arch = small_machine();
  OperatorRunner runner(arch, {});
  const Operator op = standalone_matmul({1, 64, 64, 64}, DType::fp16);
  const double first = runner.run(op, {}, true).tally.seconds;
  EXPECT_FALSE(runner.replayed());
  EXPECT_EQ(runner.run(op, {}, true).tally.seconds, first);
  EXPECT_TRUE(runner.replayed());
  runner.run(standalone_matmul({1, 64, 64, 65}, DType::fp16), {}, true);
  EXPECT_FALSE(runner.replayed());
}

// 96 KiB are read and written: states are told apart by cells of 512 bytes (a power of two below 1/128 of
// them).
TEST(OperatorRunner, OnChipStatesThatHardlyDifferAreOne) {
  const ArchSpec arch = small_machine();
  const Operator op = standalone_matmul({1, 128, 128, 128}, DType::fp16);
  const auto replays = [&](OperatorRunner& runner, std::uint64_t dirty) {
    runner.run(op, {{}, Bytes{dirty}}, false);
    return runner.replayed();
  };
  OperatorRunner runner(arch, {});
  EXPECT_FALSE(replays(runner, 4096));
  EXPECT_TRUE(replays(runner, 4096 + 500));
  EXPECT_FALSE(replays(runner, 4096 + 512));
  EXPECT_FALSE(replays(runner, 64 * 1024));
  const auto holds = [&](std::uint64_t bytes, std::uint64_t dirty) {
    runner.run(op, {{{TensorId{0}, Bytes{bytes}, Bytes{dirty}}}, {}}, false);
    return runner.replayed();
  };
  EXPECT_FALSE(holds(8192, 1024));
  EXPECT_TRUE(holds(8192 + 300, 1024 + 300));
  EXPECT_FALSE(holds(8192, 2048));
  EXPECT_FALSE(holds(4096, 1024));
}

}  // namespace
}  // namespace orrery::test
