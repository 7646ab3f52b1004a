#include "sim/validate/serving_load.h"

#include <gtest/gtest.h>

#include "sim/util/errors.h"
#include "sim/validate/reference_kind.h"
#include "tests/support/command.h"

namespace orrery::test {
namespace {

CsvRow row() {
  return {{"mode", "concurrency"},
          {"concurrency", "16"},
          {"input_mean", "922"},
          {"output_mean", "922"},
          {"input_std_or_range", "uniform 819-1024"},
          {"output_std_or_range", "fixed"},
          {"trace", "random"},
          {"dtype", "fp8"},
          {"devices", "8"}};
}

TEST(ServingLoad, ReadsALoopAndItsLengths) {
  const LoadSpec load = serving_load(row());
  EXPECT_EQ(load.concurrency, 16U);
  EXPECT_EQ(load.requests, 160U);
  EXPECT_EQ(load.input->low, 819U);
  EXPECT_EQ(load.input->high, 1024U);
  EXPECT_EQ(load.output->high, 922U);
}

TEST(ServingLoad, ReadsSpreadsAndPromptsInTurn) {
  CsvRow r = row();
  r["mode"] = "rate";
  r["request_rate_per_s"] = "2";
  r["input_mean"] = "100";
  r["input_std_or_range"] = "+-2 %";
  r["trace"] = "shared-prefix";
  r["notes"] = "A; 100 distinct prompts in a cycle";
  const LoadSpec load = serving_load(r);
  EXPECT_EQ(load.input->low, 98U);
  EXPECT_EQ(load.distinct_prompts, 100U);
  EXPECT_EQ(load.requests, 1200U);  // ten minutes
}

TEST(ServingLoad, ReplaysATraceAtTheRowsPaceAndScaledLengths) {
  const std::string trace = temporary_file(
      "t.csv", "arrival_s,input_tokens,output_tokens,output_tokens_full\n0,10,1,20\n1,10,1,40\n2,10,1,60\n");
  CsvRow r = row();
  r[kRowFile] = temporary_folder() + "/serving.csv";
  r["trace"] = "t.csv";
  r["mode"] = "rate";
  r["request_rate_per_s"] = "4";
  r["output_mean"] = "80";
  r["output_std_or_range"] = "replies: output_tokens_full of the trace, scaled to this mean";
  r["num_requests"] = "3";
  const LoadSpec load = serving_load(r);
  EXPECT_EQ(load.rate, 0);
  EXPECT_DOUBLE_EQ(load.output_scale, 2);
  const auto source = open_source(load);
  Request request;
  source->next(request);
  source->next(request);
  EXPECT_EQ(request.output, 80U);
  EXPECT_GT(request.arrival_s, 0.15);
  EXPECT_LT(request.arrival_s, 0.3);
}

TEST(ServingLoad, LimitsAreTheRowsWhereItSaysThem) {
  CsvRow r = row();
  EXPECT_FALSE(serving_overrides(r).sequences);
  r["max_batch"] = "64";
  r["max_batched_tokens"] = "2048";
  r["gpu_memory_utilization"] = "0.85";
  r["prefix_caching"] = "no";
  r["engine_args"] = "vllm serve x --async-scheduling";
  const ServingOverrides o = serving_overrides(r);
  EXPECT_EQ(o.sequences, 64U);
  EXPECT_EQ(o.token_budget, 2048U);
  EXPECT_DOUBLE_EQ(*o.memory_share, 0.85);
  EXPECT_FALSE(*o.prefix_cache);
  EXPECT_TRUE(*o.ahead);
}

TEST(ServingLoad, FormatsAreTheFilesWhereTheCheckpointHasThem) {
  CsvRow r = row();
  r["kv_dtype"] = "fp8";
  r["tp"] = "8";
  EXPECT_EQ(serving_scenario(r, false, true), nlohmann::json({{"dtype", "fp8"}, {"kv", "fp8"}, {"tp", 8}}));
  EXPECT_EQ(serving_scenario(r, true, true), nlohmann::json({{"kv", "fp8"}, {"tp", 8}}));
  // A machine without fp8 widens the weights.
  EXPECT_EQ(serving_scenario(r, false, false),
            nlohmann::json({{"weights", "fp8"}, {"kv", "fp8"}, {"tp", 8}}));
}

TEST(ServingLoad, CopiesAreTheDevicesOverThoseOfOne) {
  CsvRow r = row();
  EXPECT_EQ(serving_copies(r, 2), 4U);
  r["decode_workers"] = "3";
  r["prefill_workers"] = "1";
  EXPECT_EQ(serving_copies(r, 2), 3U);
  EXPECT_EQ(prefill_copies(r), 1U);
}

// Of a file of lengths alone, an open loop that does not say how many sends all, in an order of its own.
TEST(ServingLoad, ASetOfLengthsIsDrawnFromWhole) {
  const std::string trace =
      temporary_file("l.csv", "input_tokens,output_tokens\n10,1\n20,2\n30,3\n40,4\n50,5\n");
  CsvRow r = row();
  r[kRowFile] = temporary_folder() + "/serving.csv";
  r["trace"] = "l.csv";
  r["mode"] = "rate";
  r["request_rate_per_s"] = "4";
  const LoadSpec load = serving_load(r);
  EXPECT_TRUE(load.shuffled);
  EXPECT_EQ(load.requests, 0U);
  EXPECT_DOUBLE_EQ(load.output_scale, 922.0 / 3);
  r["num_requests"] = "3";
  EXPECT_FALSE(serving_load(r).shuffled);
  EXPECT_EQ(serving_load(r).requests, 3U);
}

// 3.27 of 4 guesses and one: p + p^2 + p^3 + p^4 = 2.27.
TEST(ServingLoad, GuessesAreKeptAsTheClientsGapsSay) {
  const LlmSpec llm = load_llm_named("llama-3-8b");
  CsvRow r = row();
  EXPECT_FALSE(serving_guessing(r, llm));
  r["speculative"] = "EAGLE3";
  EXPECT_THROW(serving_guessing(r, llm), ConfigError);
  r["engine_args"] = "--speculative-num-steps 4 --speculative-eagle-topk 4";
  r["tpot_mean_ms"] = "2.67";
  r["itl_mean_ms"] = "8.74";
  const std::optional<Guessing> g = serving_guessing(r, llm);
  ASSERT_TRUE(g);
  EXPECT_EQ(g->how.drafts, 4U);
  EXPECT_NEAR(g->how.acceptance[0] + g->how.acceptance[1] + g->how.acceptance[2] + g->how.acceptance[3],
              8.74 / 2.67 - 1, 1e-6);
  r["itl_mean_ms"] = "20";
  EXPECT_THROW(serving_guessing(r, llm), ConfigError);
}

TEST(ServingLoad, ABadCellIsNamed) {
  CsvRow r = row();
  r["concurrency"] = "many";
  try {
    serving_load(r);
    FAIL();
  } catch (const ConfigError& error) {
    EXPECT_NE(std::string(error.what()).find("concurrency"), std::string::npos);
  }
}

}  // namespace
}  // namespace orrery::test
