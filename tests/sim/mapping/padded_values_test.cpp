#include "sim/mapping/padded_values.h"

#include <gtest/gtest.h>

#include "sim/config/arch_loader.h"
#include "sim/workload/operator_counts.h"
#include "sim/workload/standalone_operator.h"

namespace orrery::test {
namespace {

Operator expanded_latents(ServingEngine engine) {
  AttentionShape s;
  s.batch = 2;
  s.heads = s.kv_heads = 16;
  s.head_dim = 192;
  s.value_dim = 128;
  s.q = s.kv = 1024;
  s.causal = true;
  s.engine = engine_number(engine);
  return standalone_attention(s, DType::bf16);
}

const TileKernel& kernel_in(const Program& program, std::size_t task) {
  return std::get<KernelLaunch>(program.tasks.at(task).work).front();
}

TEST(PaddedValues, ValuesAreCopiedToTheKeysLengthAndResultsCut) {
  const ArchSpec arch = load_arch_named("gpu/a100-sxm-80gb");
  const Program program = Mapper(arch).map(expanded_latents(ServingEngine::vllm), 1).at(0).program;
  ASSERT_EQ(program.tasks.size(), 3U);
  const TileKernel& pad = kernel_in(program, 0);
  const TileKernel& attention = kernel_in(program, 1);
  const TileKernel& cut = kernel_in(program, 2);
  constexpr std::uint64_t kHeads = 2 * 1024 * 16;  // of all positions
  EXPECT_EQ(pad.inputs[0].tensor, TensorId{2});
  EXPECT_EQ(pad.inputs[0].tensor_bytes, Bytes{2 * kHeads * 128});
  EXPECT_EQ(stored_bytes(pad), Bytes{2 * kHeads * 192});
  EXPECT_EQ(pad.outputs[0].tensor, attention.inputs[2].tensor);
  EXPECT_EQ(attention.inputs[2].cols.value, 192U);
  EXPECT_EQ(attention.outputs[0].tensor, cut.inputs[0].tensor);
  EXPECT_EQ(cut.inputs[0].tensor_bytes, Bytes{2 * kHeads * 128});  // what is cut off is not read
  EXPECT_EQ(cut.outputs[0].tensor, TensorId{3});
  EXPECT_EQ(stored_bytes(cut), Bytes{2 * kHeads * 128});
  EXPECT_EQ(program.tasks[1].depends_on, std::vector<std::uint32_t>{0});
  EXPECT_EQ(program.tasks[2].depends_on, std::vector<std::uint32_t>{1});
}

// What is padded is multiplied, and is no work of the operator's.
TEST(PaddedValues, CountsTheProductsOfTheOperatorAlone) {
  const ArchSpec arch = load_arch_named("gpu/a100-sxm-80gb");
  const Operator op = expanded_latents(ServingEngine::vllm);
  const Candidate padded = Mapper(arch).map(op, 1).at(0);
  EXPECT_EQ(kernel_in(padded.program, 1).useful_macs, operator_macs(op));
  EXPECT_TRUE(kernel_in(padded.program, 1).multiplies_useless);
  const Candidate plain = Mapper(arch).map(expanded_latents(ServingEngine::any), 1).at(0);
  EXPECT_EQ(kernel_in(plain.program, 0).useful_macs, operator_macs(op));
  EXPECT_GT(padded.estimate_s, plain.estimate_s);
}

TEST(PaddedValues, OnlyByKernelsThatTakeOneLength) {
  const ArchSpec arch = load_arch_named("gpu/a100-sxm-80gb");
  Operator op = expanded_latents(ServingEngine::vllm);
  EXPECT_TRUE(pads_values(arch, op));
  EXPECT_FALSE(pads_values(arch, expanded_latents(ServingEngine::sglang)));
  EXPECT_FALSE(pads_values(load_arch_named("gpu/h100-sxm"), op));
  std::get<AttentionShape>(op.shape).value_dim.reset();
  EXPECT_FALSE(pads_values(arch, op));
}

}  // namespace
}  // namespace orrery::test
