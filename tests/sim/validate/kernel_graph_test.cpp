// What a measured row times, as operators, and what of their operands is on chip.

#include "sim/validate/kernel_graph.h"

#include <gtest/gtest.h>

#include "sim/config/arch_loader.h"
#include "tests/support/config_error.h"

namespace orrery::test {
namespace {

const ArchSpec& graph_machine(const std::string& name = "gpu/h100-sxm") {
  static std::map<std::string, ArchSpec> known;
  return known.try_emplace(name, load_arch_named(name)).first->second;
}

std::vector<std::string> kinds_in(const CsvRow& row) {
  std::vector<std::string> kinds;
  for (const Operator& op : kernel_graph(row, graph_machine()).operators) kinds.push_back(to_string(op.kind));
  return kinds;
}

const CsvRow kProduct = {{"op", "matmul"}, {"m", "64"}, {"n", "512"}, {"k", "1024"}, {"dtype", "fp8"}};

CsvRow with(CsvRow row, const CsvRow& more) {
  for (const auto& [column, cell] : more) row[column] = cell;
  return row;
}

TEST(KernelGraph, AQuantisedActivationIsAKernelWhereTheRowSaysSo) {
  EXPECT_EQ(kinds_in(kProduct), (std::vector<std::string>{"matmul"}));
  const CsvRow quantised = with(kProduct, {{"includes", "quantize,matmul"}, {"scaling", "dynamic"}});
  EXPECT_EQ(kinds_in(quantised), (std::vector<std::string>{"quantize", "matmul"}));
  const OperatorGraph graph = kernel_graph(quantised, graph_machine());
  // What the one writes the other reads, in 8 bits; the result has 16.
  EXPECT_EQ(graph.operators[0].outputs[0].id, graph.operators[1].inputs[0].id);
  EXPECT_EQ(graph.operators[0].inputs[0].bytes(), 2U * 64 * 1024);
  EXPECT_EQ(graph.operators[1].inputs[0].bytes(), 64U * 1024);
  EXPECT_EQ(graph.operators[1].outputs[0].bytes(), 2U * 64 * 512);
  EXPECT_EQ(graph.operators[1].dtype, DType::fp8);
}

// A scale of the whole tensor is found before anything is quantised by it.
TEST(KernelGraph, AScaleOfATensorIsFoundByAKernelOfItsOwn) {
  const CsvRow dynamic =
      with(kProduct, {{"dtype", "fp8"}, {"scaling", "dynamic"}, {"includes", "quantize,matmul"}});
  EXPECT_EQ(kinds_in(with(dynamic, {{"engine", "vllm"}})), (std::vector<std::string>{"quantize", "matmul"}));
  EXPECT_EQ(kinds_in(with(dynamic, {{"engine", "trtllm"}})),
            (std::vector<std::string>{"topk", "quantize", "matmul"}));
  EXPECT_EQ(kinds_in(with(dynamic, {{"engine", "trtllm"}, {"scaling", "static"}})),
            (std::vector<std::string>{"quantize", "matmul"}));
}

TEST(KernelGraph, ScalesAreStoredWithTheirBlocks) {
  const auto bytes_of = [](const CsvRow& more, std::size_t input) {
    return kernel_graph(with(kProduct, more), graph_machine()).operators.back().inputs[input].bytes();
  };
  EXPECT_EQ(bytes_of({{"scaling", "block128"}}, 0), 64U * 1024 + 4 * 64 * 1024 / 128);
  EXPECT_EQ(bytes_of({{"scaling", "block128"}}, 1), 512U * 1024 + 4 * 512 * 1024 / (128 * 128));
  EXPECT_EQ(bytes_of({{"dtype", "nvfp4"}, {"scaling", "block16"}}, 1), 512U * 1024 * 9 / 16);
  // Weights alone: activations stay wide, and are not quantised.
  EXPECT_EQ(bytes_of({{"dtype", "w4a16"}, {"scaling", "group"}}, 0), 2U * 64 * 1024);
}

const CsvRow kAttends = {{"op", "attention"}, {"batch", "4"},    {"q_len", "1"},      {"kv_len", "1024"},
                         {"heads", "32"},     {"kv_heads", "8"}, {"head_dim", "128"}, {"dtype", "bf16"}};

TEST(KernelGraph, AttentionIncludesWhatWritesTheCache) {
  EXPECT_EQ(kinds_in(with(kAttends, {{"includes", "kv_append,attention"}})),
            (std::vector<std::string>{"kv_append", "attention"}));
  // Rotation and append are one kernel.
  const CsvRow rotated = with(kAttends, {{"includes", "rope,kv_append,attention"}, {"kv_dtype", "fp8"}});
  EXPECT_EQ(kinds_in(rotated), (std::vector<std::string>{"rope", "attention"}));
  const OperatorGraph graph = kernel_graph(rotated, graph_machine());
  EXPECT_EQ(graph.operators[0].outputs[1].bytes(), 4U * 2 * 8 * 128);    // keys and values in 8 bits
  EXPECT_EQ(graph.operators[1].inputs[1].bytes(), 4U * 1024 * 8 * 128);  // as the cache is
  EXPECT_EQ(graph.operators[1].inputs[0].bytes(), 2U * 4 * 32 * 128);
}

TEST(KernelGraph, ALatentIsReadOnceForKeysAndValues) {
  const CsvRow latent = {{"op", "mla"},   {"batch", "2"},    {"q_len", "1"},      {"kv_len", "64"},
                         {"heads", "16"}, {"kv_heads", "1"}, {"head_dim", "576"}, {"v_head_dim", "512"}};
  EXPECT_EQ(kinds_in(latent), (std::vector<std::string>{"mla"}));
  // Expanded, it is attention as any other.
  EXPECT_EQ(kinds_in(with(latent, {{"kv_heads", "16"}, {"head_dim", "192"}, {"v_head_dim", "128"}})),
            (std::vector<std::string>{"attention"}));
}

TEST(KernelGraph, AMixtureIsOneRanksShare) {
  const CsvRow row = {{"op", "moe"},     {"tokens", "128"},     {"hidden", "2048"},
                      {"inter", "768"},  {"experts", "64"},     {"top_k", "8"},
                      {"tp", "2"},       {"ep", "4"},           {"distribution", "balanced"},
                      {"dtype", "bf16"}, {"rank_pairs", "256"}, {"rank_active_experts", "16"}};
  const OperatorGraph graph = kernel_graph(row, graph_machine());
  std::vector<std::string> kinds;
  for (const Operator& op : graph.operators) kinds.push_back(to_string(op.kind));
  EXPECT_EQ(kinds, (std::vector<std::string>{"topk", "expert_sort", "expert_sort", "expert_gather", "matmul",
                                             "silu_mul", "matmul", "expert_sum"}));
  const auto& up = std::get<MatmulShape>(graph.operators[4].shape);
  EXPECT_EQ(up.batch, 16U);
  EXPECT_EQ(up.m, 16U);
  EXPECT_EQ(up.n, 2U * 768 / 2);
  EXPECT_EQ(up.grouped, 1U);
  EXPECT_EQ(graph.operators[4].inputs[1].bytes(), 16U * 2048 * 768 * 2);
  // What the row does not include is not timed.
  EXPECT_EQ(
      kinds_in(with(row, {{"includes", "align,up,act,down,combine"}})),
      (std::vector<std::string>{"expert_sort", "expert_sort", "matmul", "silu_mul", "matmul", "expert_sum"}));
}

// Scales of blocks are found by each product for the rows that it reads; others before the rows are moved,
// and by the activation.
TEST(KernelGraph, AMixtureQuantisesAsItsScalesAre) {
  const CsvRow row = {{"op", "moe"},
                      {"tokens", "128"},
                      {"hidden", "2048"},
                      {"inter", "768"},
                      {"experts", "64"},
                      {"top_k", "8"},
                      {"ep", "4"},
                      {"distribution", "balanced"},
                      {"dtype", "fp8"},
                      {"act_dtype", "fp8"},
                      {"rank_pairs", "256"},
                      {"includes", "permute,quantize,up,act,down,combine"},
                      {"rank_active_experts", "16"}};
  EXPECT_EQ(kinds_in(with(row, {{"scaling", "tensor"}})),
            (std::vector<std::string>{"expert_sort", "expert_sort", "quantize", "expert_gather", "matmul",
                                      "silu_mul", "matmul", "expert_sum"}));
  EXPECT_EQ(kinds_in(with(row, {{"scaling", "block128"}})),
            (std::vector<std::string>{"expert_sort", "expert_sort", "expert_gather", "quantize", "matmul",
                                      "silu_mul", "quantize", "matmul", "expert_sum"}));
}

TEST(KernelGraph, WhatItDoesNotSimulateItRefuses) {
  const auto refusal = [](const CsvRow& more) {
    return config_error([&] { kernel_graph(with(kProduct, more), graph_machine()); });
  };
  EXPECT_NE(refusal({{"includes", "matmul,bias_gelu"}}).find("column includes: 'bias_gelu'"),
            std::string::npos);
  EXPECT_NE(refusal({{"scaling", "row"}}).find("column scaling"), std::string::npos);
  EXPECT_NE(refusal({{"op", "fft"}}).find("column op"), std::string::npos);
}

// Weights are as cold as the row says; what repetitions read again is there as far as there is room.
TEST(KernelGraph, L2SaysWhatIsOnChip) {
  const auto held = [](const CsvRow& more) {
    const CsvRow row = with(kProduct, more);
    const OperatorGraph graph = kernel_graph(row, graph_machine());
    const OnChip found = found_by(row, graph, graph_machine()).seen_by(graph.operators.back());
    std::uint64_t bytes = 0;
    for (const ResidentTensor& t : found.tensors) bytes += t.bytes.value();
    return bytes;
  };
  const std::uint64_t activation = 64 * 1024;
  const std::uint64_t weights = 512 * 1024;
  EXPECT_EQ(held({}), 0U);
  EXPECT_EQ(held({{"l2", "warm"}}), activation + weights);
  EXPECT_EQ(held({{"l2", "cold"}}), 0U);
  EXPECT_EQ(held({{"l2", "cold"}, {"launch", "graph"}}), activation);
  EXPECT_EQ(held({{"layer_op", "up"}}), activation);
  EXPECT_EQ(held({{"includes_launch", "yes"}}), activation + weights);
  // Results of the repetition before have to leave a cache that is not warm.
  const auto written = [](const CsvRow& more) {
    const CsvRow row = with(kProduct, more);
    const OperatorGraph graph = kernel_graph(row, graph_machine());
    return found_by(row, graph, graph_machine()).seen_by(graph.operators.back()).other_dirty_bytes.value();
  };
  const OperatorGraph product = kernel_graph(kProduct, graph_machine());
  const std::uint64_t result = product.operators.back().outputs.front().bytes();
  EXPECT_EQ(written({{"l2", "cold"}}), 0U);  // timed once
  EXPECT_EQ(written({{"l2", "cold"}, {"launch", "graph"}}), result);
  EXPECT_EQ(written({{"l2", "warm"}}), 0U);
  EXPECT_EQ(written({{"layer_op", "up"}}), 0U);
  // The same buffers again and again: there, unless they are many times the cache.
  EXPECT_EQ(held({{"l2", "mixed"}, {"launch", "graph of one"}}), activation + weights);
  EXPECT_LT(held({{"l2", "mixed"}, {"launch", "graph of one"}, {"n", "262144"}}), weights * 512 / 4);
}

// Of unequal keys and values the part of a head that values lack is turned where it lies.
TEST(KernelGraph, ALatentsExpandedKeysTurnInPart) {
  const CsvRow row = with(kAttends, {{"op", "mla"},
                                     {"phase", "prefill"},
                                     {"q_len", "1024"},
                                     {"kv_heads", "32"},
                                     {"head_dim", "192"},
                                     {"v_head_dim", "128"},
                                     {"includes", "rope,kv_append,attention"},
                                     {"engine", "trtllm"}});
  const OperatorGraph graph = kernel_graph(row, graph_machine());
  EXPECT_EQ(graph.operators[0].outputs[0].bytes(), 2U * 4 * 1024 * (32 + 32) * 64);
  // A narrower cache is written by the same kernel.
  const OperatorGraph narrow = kernel_graph(with(row, {{"kv_dtype", "fp8"}}), graph_machine());
  EXPECT_EQ(narrow.operators[0].outputs[1].bytes(), 4U * 1024 * 32 * (192 + 128));
  EXPECT_EQ(narrow.operators[1].inputs[1].format.dtype, DType::bf16);
}

// Who makes prompts in the cache's format has queries in it, too.
TEST(KernelGraph, AnEnginesPromptsAreInTheFormatItMultiplies) {
  const CsvRow row = with(kAttends, {{"q_len", "1024"},
                                     {"kv_dtype", "fp8"},
                                     {"includes", "rope,kv_append,attention"},
                                     {"engine", "trtllm"}});
  const OperatorGraph graph = kernel_graph(row, graph_machine());
  EXPECT_EQ(graph.operators[1].inputs[0].format.dtype, DType::fp8);
  EXPECT_EQ(graph.operators[1].inputs[1].format.dtype, DType::fp8);
  const OperatorGraph other = kernel_graph(with(row, {{"engine", "vllm"}}), graph_machine());
  EXPECT_EQ(other.operators[1].inputs[1].format.dtype, DType::bf16);
  EXPECT_EQ(std::get<AttentionShape>(other.operators[1].shape).engine, 1U);
  EXPECT_FALSE(
      std::get<AttentionShape>(kernel_graph(kAttends, graph_machine()).operators.back().shape).engine);
}

}  // namespace
}  // namespace orrery::test
