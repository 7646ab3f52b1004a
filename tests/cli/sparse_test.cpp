// Sparse weights and sparse attention, from the command line.

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "tests/support/command.h"

namespace orrery::test {
namespace {

nlohmann::json sparse_answer(const std::string& options) {
  const CommandResult r = orrery_command(options + " --format json");
  EXPECT_EQ(r.exit_code, 0) << options << r.err;
  return nlohmann::json::parse(r.out);
}

std::string sparse_refusal(const std::string& options) {
  const CommandResult r = orrery_command(options);
  EXPECT_EQ(r.exit_code, 2) << options;
  EXPECT_EQ(r.out, "") << options;
  return r.err;
}

const std::string kSparseRun =
    "run --arch gpu/h100-sxm --model llama-3-8b --layers 2 --output 4 --input 512 ";

TEST(SparseCommand, WeightsOfAModelTakeTheirShareAndSaySo) {
  const nlohmann::json dense = sparse_answer(kSparseRun);
  const nlohmann::json half = sparse_answer(kSparseRun + "--sparsity 2:4");
  EXPECT_EQ(half.at("weights"), "fp16 2:4");
  EXPECT_LT(half.at("tpot_s").get<double>(), dense.at("tpot_s").get<double>());
  // Nine bits of sixteen, of the layers' matrices alone.
  const auto bytes = [](const nlohmann::json& r) { return r.at("memory").at("weights").get<double>(); };
  const double matrices = 2.0 * (4096 * (4096 + 2 * 1024) + 4096 * 4096 + 3 * 4096 * 14336);
  EXPECT_NEAR(bytes(dense) - bytes(half), matrices * 7 / 8, 1e-6 * bytes(dense));
}

TEST(SparseCommand, AttentionIsByLayerOrFromATable) {
  const std::string table =
      temporary_file("patterns.csv", "layer,attention\n0,window:64+global:4\n1,density:0.5\n");
  const nlohmann::json r = sparse_answer(kSparseRun + "--attention " + table);
  EXPECT_EQ(r.at("model"), "llama-3-8b (2 of 32 layers) (attention window:64+global:4,density:0.5,end)");
  EXPECT_EQ(sparse_answer(kSparseRun + "--attention window:64+global:4,density:0.5").at("latency_s"),
            r.at("latency_s"));
  EXPECT_LT(r.at("latency_s"), sparse_answer(kSparseRun).at("latency_s"));
}

// Keys and values that no query chooses are no part of a run's bound either.
TEST(SparseCommand, ADensityIsOfTheBoundToo) {
  const std::string step =
      "run --arch gpu/h100-sxm --model llama-3-8b --layers 2 --step verify:32x4@8192 --attention "
      "density:0.05";
  const double tile = sparse_answer(step).at("latency_s");
  const double bound = sparse_answer(step + " --fidelity roofline").at("latency_s");
  EXPECT_LE(bound, tile);
  EXPECT_LT(bound, 0.6 * sparse_answer("run --arch gpu/h100-sxm --model llama-3-8b --layers 2 --step "
                                       "verify:32x4@8192 --fidelity roofline")
                             .at("latency_s")
                             .get<double>());
}

TEST(SparseCommand, WhatIsNoPatternIsRefusedInOneMessage) {
  EXPECT_NE(sparse_refusal(kSparseRun + "--sparsity 4:2").find("'4:2'"), std::string::npos);
  EXPECT_NE(sparse_refusal(kSparseRun + "--attention global:4").find("beside a 'window'"), std::string::npos);
  EXPECT_NE(sparse_refusal(kSparseRun + "--attention full,full,window:8").find("is of 3 layers"),
            std::string::npos);
  EXPECT_NE(sparse_refusal(kSparseRun + "--attention missing.csv").find("no file"), std::string::npos);
  EXPECT_NE(sparse_refusal(kSparseRun + "--attention window:64 --cp 2 --devices 2").find("--cp"),
            std::string::npos);
  const std::string kernel = "kernel --arch gpu/h100-sxm --op ";
  EXPECT_NE(sparse_refusal(kernel + "matmul --m 8 --n 8 --k 8 --sparsity 1.5").find("--sparsity"),
            std::string::npos);
  EXPECT_NE(sparse_refusal(kernel + "add --m 8 --n 8 --sparsity 2:4").find("does not take --sparsity"),
            std::string::npos);
  const std::string attention = kernel + "attention --heads 8 --head-dim 64 ";
  EXPECT_NE(sparse_refusal(attention + "--q 8 --kv 9 --window 4").find("q = kv"), std::string::npos);
  EXPECT_NE(sparse_refusal(attention + "--q 8 --kv 99 --causal --window 4").find("see 11"),
            std::string::npos);
  EXPECT_NE(sparse_refusal(attention + "--q 8 --kv 8 --causal --global 4").find("--global"),
            std::string::npos);
  EXPECT_NE(sparse_refusal(attention + "--q 8 --kv 8 --density 2").find("--density"), std::string::npos);
}

TEST(SparseCommand, AMachineSaysWhichZerosItsEngineSkips) {
  const auto machine = [](const std::string& skips) {
    return temporary_file(
        "skips.yaml",
        "schema: orrery/arch/1\nbase: gpu/h100-sxm\nname: skips\nchip:\n  cores:\n    engines:\n"
        "      - kind: dot_product_array\n        skips: " +
            skips + "\n");
  };
  const std::string product = " --op matmul --m 4096 --n 8192 --k 8192 --sparsity ";
  const auto seconds = [&](const std::string& skips, const std::string& pattern) {
    return sparse_answer("kernel --arch " + machine(skips) + product + pattern)
        .at("latency_us")
        .get<double>();
  };
  EXPECT_LT(seconds("[\"2:4\"]", "2:4"), 0.8 * seconds("[]", "2:4"));
  EXPECT_LT(seconds("[unstructured]", "0.3"), 0.8 * seconds("[\"2:4\"]", "0.3"));
  EXPECT_NE(sparse_refusal("kernel --arch " + machine("[often]") + product + "2:4")
                .find("'often' is no pattern of zeros"),
            std::string::npos);
}

// One row of each block of 64 is read; transforms make up for most of the products where there are.
TEST(SparseCommand, CirculantBlocksAreReadOnceAndTurned) {
  const auto run = [](const std::string& skips, const std::string& shape) {
    return sparse_answer(
        "kernel --arch " +
        temporary_file("turns.yaml",
                       "schema: orrery/arch/1\nbase: asic/edge-npu\nname: turns\nchip:\n  cores:\n"
                       "    engines:\n      - kind: systolic_array\n        skips: " +
                           skips + "\n") +
        " --op matmul --dtype int8 --n 4096 --k 4096 " + shape);
  };
  const auto seconds = [&](const std::string& skips, const std::string& shape) {
    return run(skips, shape).at("latency_us").get<double>();
  };
  const std::string turned = " --sparsity circulant:64";
  EXPECT_LT(seconds("[\"circulant:64\"]", "--m 256" + turned), 0.6 * seconds("[]", "--m 256"));
  EXPECT_GT(seconds("[]", "--m 256" + turned), seconds("[\"circulant:64\"]", "--m 256" + turned));
  const double dense = run("[]", "--m 1").at("dram_bytes");
  const double bytes = run("[\"circulant:64\"]", "--m 1" + turned).at("dram_bytes");
  EXPECT_NEAR(dense - bytes, 4096.0 * 4096 * 63 / 64, 0.02 * dense);
  EXPECT_NE(
      sparse_refusal("kernel --arch asic/edge-npu --op matmul --m 1 --n 64 --k 64 --sparsity circulant:12")
          .find("circulant"),
      std::string::npos);
}

TEST(SparseCommand, SweepsAndCostsTakeThem) {
  const std::string sweep = temporary_file("sparse.yaml", R"(schema: orrery/sweep/1
of: {arch: gpu/h100-sxm, llm: llama-3-8b, scenario: {input: 256, output: 2, layers: 2}}
fidelity: roofline
axes:
  - {key: scenario.sparsity, values: [dense, "2:4"]}
  - {key: scenario.attention, values: [full, "window:64"]}
)");
  const CommandResult r = orrery_command("sweep " + sweep + " --db " + temporary_folder() + "/sparse.db");
  EXPECT_EQ(r.exit_code, 0) << r.err;
  const std::string wrong = temporary_file("wrong.yaml", R"(schema: orrery/sweep/1
of: {arch: gpu/h100-sxm, llm: llama-3-8b, scenario: {input: 256, output: 2, sparsity: "4:2"}}
axes:
  - {key: scenario.batch, values: [1]}
)");
  EXPECT_NE(orrery_command("sweep " + wrong + " --db " + temporary_folder() + "/wrong.db").err.find("'4:2'"),
            std::string::npos);
}

}  // namespace
}  // namespace orrery::test
