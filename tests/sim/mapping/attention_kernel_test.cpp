#include "sim/mapping/attention_kernel.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "sim/config/arch_loader.h"
#include "sim/mapping/mapper.h"
#include "sim/workload/standalone_operator.h"

namespace orrery::test {
namespace {

AttentionShape decoding_shape() {
  AttentionShape s;
  s.batch = 4;
  s.heads = 32;
  s.kv_heads = 8;
  s.head_dim = 128;
  s.q = 1;
  s.kv = 8192;
  return s;
}

Operator with_cache_in(DType cache) {
  Operator op = standalone_attention(decoding_shape(), DType::bf16);
  for (std::size_t i = 1; i < op.inputs.size(); ++i) op.inputs[i].format = stored_as(cache);
  return op;
}

TEST(AttentionKernel, QueriesOfAGroupShareOneReadOfTheirKeys) {
  const Operator op = with_cache_in(DType::bf16);
  const AttendedSequences all = {4, 1, 8192};
  AttentionManner manner;
  const TileKernel grouped = untiled_attention(op, all, manner);
  EXPECT_EQ(grouped.batch, 4U * 8);
  EXPECT_EQ(grouped.m, 4U);
  manner.grouped = false;
  const TileKernel apart = untiled_attention(op, all, manner);
  EXPECT_EQ(apart.batch, 4U * 32);
  EXPECT_EQ(apart.inputs[1].batch_divisor, 4U);
  EXPECT_EQ(grouped.useful_macs, apart.useful_macs);
}

TEST(AttentionKernel, ANarrowCacheIsWidenedOrQueriesAreNarrowed) {
  const Operator op = with_cache_in(DType::fp8);
  const AttendedSequences all = {4, 1, 8192};
  AttentionManner manner;
  const TileKernel widens = untiled_attention(op, all, manner);
  EXPECT_EQ(widens.matrix_steps[0].dtype, DType::bf16);
  EXPECT_EQ(widens.vector_steps.size(), 3U);  // softmax; keys; values
  EXPECT_EQ(widens.inputs[1].bits, ElementBits::of(8));
  manner.narrows = true;
  const TileKernel narrows = untiled_attention(op, all, manner);
  EXPECT_EQ(narrows.matrix_steps[0].dtype, DType::fp8);
  EXPECT_EQ(narrows.mac_dtype, DType::fp8);
  EXPECT_EQ(narrows.vector_steps.size(), 1U);
}

TEST(AttentionKernel, FewQueriesAreColumnsOfAnInstruction) {
  TileKernel kernel = untiled_attention(with_cache_in(DType::bf16), {4, 1, 8192}, {});
  swap_operands(kernel);
  EXPECT_EQ(kernel.matrix_steps[0].m.dim, LoopDim::k);
  EXPECT_EQ(kernel.matrix_steps[0].n.dim, LoopDim::m);
  EXPECT_EQ(kernel.matrix_steps[1].m.value, 128U);
}

// A library's kernel that decodes: the group in one tile, a block of the keys that fits the head, as many
// blocks a core as it says.
TEST(AttentionKernel, LibrariesDecodeWithAllHeadsOfAGroup) {
  const ArchSpec arch = load_arch_named("gpu/h100-sxm");
  Operator op = with_cache_in(DType::bf16);
  std::get<AttentionShape>(op.shape).batch = 1;
  const std::vector<Candidate> best = Mapper(arch).map(op, 1);
  ASSERT_FALSE(best.empty());
  const TileKernel& kernel = std::get<KernelLaunch>(best[0].program.tasks[0].work).front();
  EXPECT_EQ(kernel.tile_m, 4U);
  EXPECT_EQ(kernel.tile_k, 128U);
  EXPECT_EQ(kernel.resident_items, 1U);
  EXPECT_GT(kernel.split_k, 1U);  // 8 groups leave most cores idle
}

// A latent's kernel that divides every context alike leaves most of a machine idle where it has few of them.
TEST(AttentionKernel, ALatentsKernelMayHaveFixedSplits) {
  ArchSpec arch = load_arch_named("gpu/a100-sxm-80gb");
  AttentionShape s;
  s.batch = 2;
  s.heads = 32;
  s.kv_heads = 1;
  s.head_dim = 576;
  s.value_dim = 512;
  s.q = 1;
  s.kv = 16384;
  Operator op = standalone_attention(s, DType::bf16);
  op.kind = OperatorKind::mla;
  op.inputs.pop_back();  // values are the latent's
  const auto first = [&op](const ArchSpec& machine) {
    return std::get<KernelLaunch>(Mapper(machine).map(op, 1).at(0).program.tasks[0].work).front();
  };
  const TileKernel fixed = first(arch);
  EXPECT_EQ(fixed.split_k, 4U);
  EXPECT_EQ(fixed.tile_m, 16U);
  EXPECT_EQ(fixed.tile_k, 32U);
  EXPECT_EQ(fixed.items(), 2U * 2 * 4);  // two halves of the heads
  EXPECT_GT(fixed.stage_chain_cycles, Cycles{0});
  arch.execution.library->attention.latent.reset();
  EXPECT_GT(first(arch).split_k, 4U);
}

Operator decoding_with(std::uint64_t kv_heads, std::uint64_t batch, ServingEngine engine,
                       DType cache = DType::bf16) {
  AttentionShape s = decoding_shape();
  s.batch = batch;
  s.kv_heads = kv_heads;
  s.heads = std::max<std::uint64_t>(4, kv_heads);
  s.kv = 65536;
  s.engine = engine_number(engine);
  Operator op = standalone_attention(s, DType::bf16);
  for (std::size_t i = 1; i < op.inputs.size(); ++i) op.inputs[i].format = stored_as(cache);
  return op;
}

TileKernel attends_by(const ArchSpec& arch, const Operator& op) {
  return std::get<KernelLaunch>(Mapper(arch).map(op, 1).at(0).program.tasks[0].work).front();
}

// FlashAttention-2 divides the contexts of groups alone, and computes 64 rows for each query it has.
TEST(AttentionKernel, EnginesBringKernelsOfTheirOwn) {
  const ArchSpec arch = load_arch_named("gpu/a100-sxm-80gb");
  EXPECT_EQ(attends_by(arch, decoding_with(4, 1, ServingEngine::vllm)).split_k, 1U);
  EXPECT_GT(attends_by(arch, decoding_with(1, 1, ServingEngine::vllm)).split_k, 8U);
  EXPECT_GT(attends_by(arch, decoding_with(4, 1, ServingEngine::any)).split_k, 8U);
  const TileKernel rows = attends_by(arch, decoding_with(1, 1, ServingEngine::sglang));
  EXPECT_EQ(rows.tile_m, 128U);
  EXPECT_TRUE(rows.padded && rows.whole_stages);
  EXPECT_EQ(rows.matrix_steps[0].m.dim, LoopDim::m);  // queries are rows
  EXPECT_EQ(attends_by(arch, decoding_with(1, 1, ServingEngine::any)).matrix_steps[0].m.dim, LoopDim::k);
  // It does not read a cache of 8 bits: the common kernel does.
  EXPECT_GT(attends_by(arch, decoding_with(4, 1, ServingEngine::vllm, DType::fp8)).split_k, 8U);
  // Nor is there one of its own on other machines.
  const ArchSpec hopper = load_arch_named("gpu/h100-sxm");
  EXPECT_GT(attends_by(hopper, decoding_with(4, 1, ServingEngine::vllm)).split_k, 8U);
}

// Whose prompts are made in the cache's format multiply in it; whose sequences decode, do not.
TEST(AttentionKernel, PromptsAloneMayBeNarrowed) {
  const ArchSpec arch = load_arch_named("gpu/h100-sxm");
  Operator op = decoding_with(4, 1, ServingEngine::trtllm, DType::fp8);
  EXPECT_EQ(attends_by(arch, op).mac_dtype, DType::bf16);
  auto& shape = std::get<AttentionShape>(op.shape);
  shape.q = shape.kv = 1024;
  EXPECT_EQ(attends_by(arch, op).mac_dtype, DType::fp8);
  shape.engine = engine_number(ServingEngine::vllm);
  EXPECT_EQ(attends_by(arch, op).mac_dtype, DType::bf16);
}

}  // namespace
}  // namespace orrery::test
