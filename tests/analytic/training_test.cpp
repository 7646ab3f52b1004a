// Training of GPT models on A100 clusters: FLOPs, and the weak-scaling table of Narayanan et al., "Efficient
// Large-Scale Language Model Training on GPU Clusters Using Megatron-LM" (SC'21, arXiv 2104.04473), table 1.
// Micro-batches, chunks and the way gradients are exchanged: examples/sc21/run_table_1.sh of
// NVIDIA/Megatron-LM (79a3bb6). Nothing is fitted to these rows.

#include <gtest/gtest.h>

#include <cmath>
#include <fstream>
#include <nlohmann/json.hpp>

#include "tests/support/command.h"

namespace orrery::test {
namespace {

struct Row {
  double billions;
  int tp, pp, micro_batch, batch, layers, hidden, heads, gpus, chunks;
  bool overlaps;  // DDP of torch; Megatron's own exchanges behind the last backward pass
  double tflops;  // a GPU, measured
};

constexpr Row kTable[] = {{1.7, 1, 1, 16, 512, 24, 2304, 24, 32, 1, true, 137},
                          {3.6, 2, 1, 16, 512, 30, 3072, 32, 64, 1, true, 138},
                          {7.5, 4, 1, 16, 512, 36, 4096, 32, 128, 1, true, 142},
                          {18.4, 8, 1, 8, 1024, 40, 6144, 48, 256, 1, true, 135},
                          {39.1, 8, 2, 4, 1536, 48, 8192, 64, 512, 1, false, 138},
                          {76.1, 8, 4, 2, 1792, 60, 10240, 80, 1024, 3, false, 140},
                          {145.6, 8, 8, 2, 2304, 80, 12288, 96, 1536, 2, false, 148},
                          {310.1, 8, 16, 1, 2160, 96, 16384, 128, 1920, 2, false, 155},
                          {529.6, 8, 35, 1, 2520, 105, 20480, 128, 2520, 3, false, 163},
                          {1008.0, 8, 64, 1, 3072, 128, 25600, 160, 3072, 1, false, 163}};

// Equation 3 there, with activations computed again; sequences of 2,048 tokens, a vocabulary of 51,200.
double flops_of(const Row& row) {
  const double s = 2048, v = 51200, h = row.hidden, l = row.layers;
  return 96 * row.batch * s * l * h * h * (1 + s / (6 * h) + v / (16 * l * h));
}

nlohmann::json trained(const Row& row) {
  const std::string path = ::testing::TempDir() + "/gpt-" + std::to_string(row.layers) + ".json";
  std::ofstream(path) << nlohmann::json({{"model_type", "gpt2"},
                                         {"n_embd", row.hidden},
                                         {"n_head", row.heads},
                                         {"n_layer", row.layers},
                                         {"vocab_size", 51200},
                                         {"n_positions", 2048},
                                         {"attn_pdrop", 0.1},
                                         {"resid_pdrop", 0.1}});
  std::string command = "train --arch gpu/a100-sxm-80gb --node a100_selene --runtime megatron-2021 --model " +
                        path + " --dtype fp16 --gradients fp16 --sequence 2048 --format json";
  const auto add = [&command](const char* option, int value) {
    command += std::string(" --") + option + " " + std::to_string(value);
  };
  add("tp", row.tp);
  add("pp", row.pp);
  add("dp", row.gpus / (row.tp * row.pp));
  add("batch", row.batch);
  add("micro-batch", row.micro_batch);
  add("interleave", row.chunks);
  if (!row.overlaps) command += " --no-overlap";
  const CommandResult r = orrery_command(command);
  EXPECT_EQ(r.exit_code, 0) << r.err;
  return nlohmann::json::parse(r.out);
}

TEST(Training, FlopsAreMegatronsWithinAPercent) {
  for (const Row& row : {kTable[0], kTable[5]}) {
    const nlohmann::json r = trained(row);
    const double counted =
        r.at("hardware_tflops").get<double>() * 1e12 * r.at("iteration_s").get<double>() * row.gpus;
    EXPECT_NEAR(counted / flops_of(row), 1, 0.01) << row.billions;
    EXPECT_NEAR(r.at("parameters").get<double>() * 1e-9, row.billions, 0.05 * row.billions);
  }
}

TEST(Training, WeakScalingOfMegatronIsMetWithinTwelvePercentOnTheMean) {
  double sum = 0;
  for (const Row& row : kTable) {
    const nlohmann::json r = trained(row);
    const double tflops = flops_of(row) / r.at("iteration_s").get<double>() / row.gpus * 1e-12;
    std::printf("%6.1fB: %5.1f TFLOPS a GPU, measured %3.0f, %+5.1f %%\n", row.billions, tflops, row.tflops,
                100 * (tflops / row.tflops - 1));
    sum += std::abs(tflops / row.tflops - 1);
  }
  EXPECT_LE(sum / std::size(kTable), 0.12);
}

}  // namespace
}  // namespace orrery::test
