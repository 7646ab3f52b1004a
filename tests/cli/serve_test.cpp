// orrery serve, from the command line.

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "tests/support/command.h"

namespace orrery::test {
namespace {

using nlohmann::json;

const char* const kSmallServe =
    "serve --arch gpu/h100-sxm --model llama-3-8b --layers 4 --runtime vllm-0.19 ";

json serve_answer(const std::string& arguments) {
  const CommandResult r = orrery_command(arguments + " --format json");
  EXPECT_EQ(r.exit_code, 0) << arguments << r.err;
  json result = json::parse(r.out);
  result.erase("run_info");
  return result;
}

std::string serve_refusal(const std::string& options) {
  const CommandResult r = orrery_command(kSmallServe + options);
  EXPECT_EQ(r.exit_code, 2) << options << r.err;
  return r.err;
}

// With one user and no queue there is nothing to schedule.
TEST(Serve, OneUserIsServedAsRunSays) {
  for (const char* model : {"--model llama-3-8b --layers 8", "--model gpt-oss-20b --layers 4"}) {
    const std::string machine = std::string(" --arch gpu/h200-sxm ") + model;
    const json served =
        serve_answer("serve --concurrency 1 --requests 2 --input 1000 --output 200" + machine);
    const json run = serve_answer("run --input 1000 --output 200" + machine);
    EXPECT_NEAR(served["ttft_s"]["mean"].get<double>() / run["ttft_s"].get<double>(), 1, 0.01);
    EXPECT_NEAR(served["tpot_s"]["mean"].get<double>() / run["tpot_s"].get<double>(), 1, 0.01);
    EXPECT_NEAR(served["e2e_s"]["mean"].get<double>() / run["latency_s"].get<double>(), 1, 0.01);
    EXPECT_NEAR(served["energy_j"].get<double>() / 2 / run["energy_j"]["total"].get<double>(), 1, 0.02);
  }
}

TEST(Serve, TellsWhatRequestsGot) {
  const json r = serve_answer(std::string(kSmallServe) +
                              "--rate 20 --requests 300 --input 500 --output 50 --ttft 1 --tpot 20ms");
  for (const char* quantity : {"ttft_s", "tpot_s", "itl_s", "e2e_s"}) {
    const json& s = r.at(quantity);
    EXPECT_LE(s.at("p50"), s.at("p90")) << quantity;
    EXPECT_LE(s.at("p90"), s.at("p99")) << quantity;
  }
  EXPECT_EQ(r.at("finished"), 300);
  EXPECT_NEAR(r.at("requests_per_s").get<double>() * 50, r.at("output_tokens_per_s").get<double>(), 1e-6);
  EXPECT_EQ(r.at("good_share"), 1);
  EXPECT_LT(r.at("steps").at("interpolation_error").get<double>(), 0.1);
  EXPECT_GT(r.at("steps").at("checked").get<int>(), 2);
  EXPECT_GT(r.at("over_time").size(), 10U);
  EXPECT_GT(r.at("average_power_w").get<double>(), 80);
  EXPECT_EQ(r.at("scheduler").at("policy"), "vllm_v1");
}

TEST(Serve, SaysWhichRateKeepsTheTargetsAndThatMoreIsSaturation) {
  const std::string load =
      std::string(kSmallServe) + "--requests 300 --input 2000 --output 100 --max-sequences 16 ";
  const json best = serve_answer(load + "--find-rate --ttft 500ms --tpot 20ms");
  const double rate = best.at("highest_rate_per_s");
  EXPECT_GT(rate, 1);
  EXPECT_GE(best.at("good_share").get<double>(), 0.9);
  const json more = serve_answer(load + "--ttft 500ms --rate " + std::to_string(rate * 2));
  EXPECT_TRUE(more.at("saturation").at("saturated"));
  EXPECT_GT(more.at("saturation").at("queue_growth_per_s").get<double>(), 0.1 * rate);
  EXPECT_NE(more.at("binding").get<std::string>().find("more than it can keep"), std::string::npos);
}

TEST(Serve, APrefixCacheSparesWhatBeginsAlike) {
  const std::string load =
      std::string(kSmallServe) + "--rate 10 --requests 100 --input 1000 --output 10 --distinct-prompts 5 ";
  EXPECT_GT(serve_answer(load).at("prefix_hit_rate").get<double>(), 0.9);
  EXPECT_EQ(serve_answer(load + "--prefix-cache off").at("prefix_hit_rate"), 0);
}

TEST(Serve, WritesTheTimesOfEveryRequestAndReadsThemAgain) {
  const std::string out = temporary_folder() + "/requests.csv";
  serve_answer(std::string(kSmallServe) +
               "--rate 5 --requests 20 --input 100..200 --output 5 --requests-out " + out);
  const std::string text = read_file(out);
  EXPECT_EQ(std::count(text.begin(), text.end(), '\n'), 21);
  EXPECT_EQ(serve_answer(std::string(kSmallServe) + "--offline 20 --trace " + out).at("finished"), 20);
}

TEST(Serve, GuessesHelpFewAndCostMany) {
  const std::string load =
      "serve --arch gpu/h100-sxm --model llama-3-8b --runtime vllm-0.19 --input 256 --output 64 ";
  const std::string guess = "--draft-tokens 4 --acceptance 0.8 --draft ngram ";
  const auto tpot = [&](const std::string& more) {
    return serve_answer(load + more).at("tpot_s").at("mean").get<double>();
  };
  const nlohmann::json few = serve_answer(load + guess + "--concurrency 1 --requests 8");
  // 1 + 0.8 + 0.64 + 0.512 + 0.41 tokens a step.
  EXPECT_NEAR(few.at("steps").at("kept_tokens").get<double>(), 3.36, 0.4);
  EXPECT_LT(few.at("tpot_s").at("mean").get<double>(), 0.45 * tpot("--concurrency 1 --requests 8"));
  // Five tokens of each are verified: where products bind, that costs more than it brings.
  EXPECT_GT(tpot(guess + "--concurrency 64 --requests 64") / tpot("--concurrency 64 --requests 64"), 0.45);
  // An engine may limit itself where it guesses.
  const std::string sglang =
      "serve --arch gpu/h100-sxm --model llama-3-8b --runtime sglang-0.5 --input 256 --output 64 --offline "
      "4 ";
  EXPECT_EQ(serve_answer(sglang + guess).at("scheduler").at("sequences"), 48);
  EXPECT_EQ(serve_answer(sglang).at("scheduler").at("sequences"), 4096);
  // A layer that guesses takes time.
  EXPECT_GT(tpot("--draft-tokens 4 --acceptance 0.8 --concurrency 1 --requests 8"),
            1.02 * few.at("tpot_s").at("mean").get<double>());
}

TEST(Serve, IsTheSameForTheSameSeed) {
  const std::string load = std::string(kSmallServe) + "--rate 20 --requests 40 --input 256..300 --output 20 ";
  EXPECT_EQ(serve_answer(load), serve_answer(load));
  EXPECT_NE(serve_answer(load), serve_answer(load + "--seed 2"));
}

TEST(Serve, RefusesWhatMakesNoSense) {
  EXPECT_NE(serve_refusal("").find("--trace, --rate"), std::string::npos);
  EXPECT_NE(serve_refusal("--rate 1 --concurrency 2").find("one of"), std::string::npos);
  EXPECT_NE(serve_refusal("--rate 0").find("--rate"), std::string::npos);
  EXPECT_NE(serve_refusal("--rate 1 --input 5..2").find("ends before"), std::string::npos);
  EXPECT_NE(serve_refusal("--rate 1 --input -3").find("--input"), std::string::npos);
  EXPECT_NE(serve_refusal("--rate 1 --ttft 5parsec").find("50ms"), std::string::npos);
  EXPECT_NE(serve_refusal("--rate 1 --find-rate").find("--ttft"), std::string::npos);
  EXPECT_NE(serve_refusal("--rate 1 --draft-tokens 3").find("--acceptance"), std::string::npos);
  EXPECT_NE(serve_refusal("--rate 1 --draft-tokens 2 --acceptance 0.5,0.7").find("rise"), std::string::npos);
  EXPECT_NE(serve_refusal("--find-rate --ttft 1 --requests-out x.csv").find("tries many"), std::string::npos);
  EXPECT_NE(serve_refusal("--rate 1 --think 3").find("closed loop"), std::string::npos);
  EXPECT_NE(serve_refusal("--rate 1 --policy vlm_v1").find("vllm_v1"), std::string::npos);
  EXPECT_NE(serve_refusal("--rate 1 --input 9000").find("context"), std::string::npos);
  EXPECT_NE(serve_refusal("--rate 1 --kv-blocks 10").find("blocks"), std::string::npos);
  EXPECT_NE(serve_refusal("--rate 1 --prefill-tp 2").find("--prefill-replicas"), std::string::npos);
  EXPECT_NE(serve_refusal("--trace " + temporary_file("e.csv", "")).find("empty"), std::string::npos);
  EXPECT_NE(serve_refusal("--trace /nowhere.csv").find("nowhere"), std::string::npos);
}

TEST(Serve, APairWithoutLinksIsRefused) {
  const CommandResult r =
      orrery_command("serve --arch asic/edge-npu --model gpt2 --layers 2 --rate 1 --prefill-replicas 1");
  EXPECT_EQ(r.exit_code, 2);
  EXPECT_NE(r.err.find("--kv-link"), std::string::npos) << r.err;
}

TEST(Serve, ATableForPeople) {
  const CommandResult r = orrery_command(std::string(kSmallServe) + "--rate 5 --requests 50");
  EXPECT_EQ(r.exit_code, 0);
  for (const char* word : {"limited by", "TTFT", "p99", "KV blocks", "throughput", "composed against whole"})
    EXPECT_NE(r.out.find(word), std::string::npos) << word;
}

// Keys and values that find no room on the device wait in the host's memory: prompts are found there again,
// and what they cost is their way.
TEST(Serve, KeysAndValuesInHostMemory) {
  const std::string load =
      std::string(kSmallServe) +
      "--rate 4 --requests 200 --input 2000 --output 20 --distinct-prompts 20 --kv-blocks 1000 ";
  const json without = serve_answer(load);
  const json with = serve_answer(load + "--host-kv 100 --host-link 64");
  EXPECT_GT(with["prefix_hit_rate"].get<double>(), without["prefix_hit_rate"].get<double>() + 0.5);
  EXPECT_LT(with["ttft_s"]["mean"].get<double>(), without["ttft_s"]["mean"].get<double>());
  EXPECT_GT(with["kv_blocks"]["loaded"].get<double>(), 1000);
  const json slow = serve_answer(load + "--host-kv 100 --host-link 0.5");
  EXPECT_GT(slow["ttft_s"]["mean"].get<double>(), without["ttft_s"]["mean"].get<double>());
  const json none = serve_answer(load + "--host-kv 0.001 --host-link 64");
  EXPECT_NEAR(none["ttft_s"]["mean"].get<double>(), without["ttft_s"]["mean"].get<double>(),
              0.01 * without["ttft_s"]["mean"].get<double>());
  EXPECT_NE(serve_refusal("--rate 1 --host-kv 10").find("--host-link"), std::string::npos);
  EXPECT_NE(serve_refusal("--rate 1 --host-link 10").find("--host-kv"), std::string::npos);
}

// Prompts on another kind of machine, which another process simulates: the same as if it were asked for
// alone.
TEST(Serve, PromptsOnAnotherKindOfMachine) {
  const std::string load = "--rate 2 --requests 30 --input 800 --output 40 ";
  const std::string apart = std::string(kSmallServe) + load + "--prefill-replicas 1 --handover 0s ";
  const json alike = serve_answer(apart + "--kv-link 100");
  const json named = serve_answer(apart + "--kv-link 100 --prefill-arch gpu/h100-sxm");
  EXPECT_EQ(alike, named);
  const json slower = serve_answer(apart + "--kv-link 100 --prefill-arch gpu/l4");
  EXPECT_EQ(slower["arch"], "gpu/h100-sxm");
  EXPECT_EQ(slower["prefill_arch"], "gpu/l4");
  EXPECT_EQ(slower["tpot_s"]["p50"], alike["tpot_s"]["p50"]);
  EXPECT_LT(slower["average_power_w"], alike["average_power_w"]);  // a card of 72 W
  // A prompt takes as long as on that machine by itself, and then its way.
  const json there = serve_answer(
      "serve --arch gpu/l4 --model llama-3-8b --layers 4 --runtime vllm-0.19 --rate 0.01 --requests 3 "
      "--input 800 "
      "--output 1");
  const json one =
      serve_answer(std::string(kSmallServe) +
                   "--rate 0.01 --requests 3 --input 800 --output 40 --prefill-replicas 1 --handover 0s "
                   "--kv-link 100000 --prefill-arch gpu/l4");
  EXPECT_NEAR(one["ttft_s"]["p50"].get<double>(), there["ttft_s"]["p50"].get<double>(), 1e-5);
  const std::string refused = serve_refusal("--rate 1 --prefill-replicas 1 --prefill-arch gpu/l4");
  EXPECT_NE(refused.find("--kv-link"), std::string::npos) << refused;
  EXPECT_NE(serve_refusal("--rate 1 --prefill-arch gpu/l4").find("--prefill-replicas"), std::string::npos);
  // What that machine cannot hold is said as ever.
  EXPECT_NE(serve_refusal("--rate 1 --prefill-replicas 1 --kv-link 9 --prefill-arch gpu/l5").find("gpu/l4"),
            std::string::npos);
}

}  // namespace
}  // namespace orrery::test
