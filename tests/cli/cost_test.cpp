// orrery cost: a small scenario end to end, its sums, and each bad input refused with file and line.

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <cmath>
#include <nlohmann/json.hpp>

#include "tests/support/command.h"

namespace orrery::test {
namespace {

using nlohmann::json;

const char* const kScenario = R"(schema: orrery/cost/1
title: test
model: gpt2
workload: {input: 64, output: 16, batch_max: 4, tpot_max_s: 1}
demand: {output_tokens_per_s: {value: 1000, low: 500, high: 4000}, utilisation: 0.5}
finance:
  years: 4
  discount_rate: 0.08
  electricity_per_kwh: {value: 0.1, low: 0.05, high: 0.2, currency: USD, date: "2025"}
  pue: 1.2
options:
  - name: bought
    arch: gpu/h100-sxm
    chip_price: {value: 28000, low: 20000, high: 32000, currency: USD, date: "2025-10"}
    rent_per_hour: {value: 3, currency: USD, date: "2026-05"}
  - name: rented
    arch: gpu/a100-sxm-80gb
    acquire: rent
    rent_per_hour: {value: 1.4, low: 1, high: 2, currency: USD, date: "2026-03"}
  - name: made
    arch: asic/tpu-v5e
    acquire: make
    process_nm: 7
    volume: 1000
)";

std::string with(const std::string& from, const std::string& to) {
  std::string text = kScenario;
  const std::size_t at = text.find(from);
  EXPECT_NE(at, std::string::npos) << from;
  return temporary_file("scenario.yaml", text.replace(at, from.size(), to));
}

json study_of(const std::string& file, const std::string& options = "") {
  const CommandResult r = orrery_command("cost " + file + " --fidelity roofline --format json " + options);
  EXPECT_EQ(r.exit_code, 0) << r.err;
  return json::parse(r.out);
}

void cost_refused(const std::string& file, const std::vector<std::string>& words) {
  const CommandResult r = orrery_command("cost " + file);
  EXPECT_EQ(r.exit_code, 2);
  EXPECT_EQ(r.out, "");
  for (const std::string& word : words)
    EXPECT_NE(r.err.find(word), std::string::npos) << word << " in: " << r.err;
}

TEST(Cost, PartsAddUpAndDrawsRepeat) {
  const std::string file = with("title: test", "title: test");
  const json study = study_of(file, "--as-of 2026-11-24 --draws 2000");
  ASSERT_EQ(study["options"].size(), 3U);
  for (const json& o : study["options"]) {
    double sum = 0;
    for (const auto& [part, usd] : o["usd_per_year"].items()) {
      if (part != "total") sum += usd.get<double>();
    }
    EXPECT_NEAR(sum, o["usd_per_year"]["total"].get<double>(), 1e-9 * sum);
    EXPECT_LE(o["monte_carlo"]["p10"].get<double>(), o["monte_carlo"]["p50"].get<double>());
    EXPECT_LE(o["monte_carlo"]["p50"].get<double>(), o["monte_carlo"]["p90"].get<double>());
    EXPECT_GT(o["joule_per_token"].get<double>(), 0);
    EXPECT_FALSE(o["tornado"].empty());
    EXPECT_EQ(o["path"].size(), 3U);
  }
  EXPECT_LE(study["options"][0]["served"]["sequences"].get<double>(), 4);
  EXPECT_GT(study["options"][0]["served"]["sequences"].get<double>(), 2);
  EXPECT_GT(study["options"][2]["nre_usd"].get<double>(), 0);
  EXPECT_GT(study["options"][2]["yield"].get<double>(), 0.3);
  EXPECT_FALSE(study["options"][0]["break_even_months"].is_null());
  EXPECT_TRUE(study["options"][1]["chip_price_usd"].is_null());
  // Two prices are older than a year on that day: the chip of 2025-10 and electricity of 2025.
  std::vector<std::string> stale;
  for (const json& p : study["stale_prices"]) stale.push_back(p["price"]);
  EXPECT_NE(std::find(stale.begin(), stale.end(), "bought.chip_price"), stale.end());
  EXPECT_EQ(std::find(stale.begin(), stale.end(), "bought.rent_per_hour"), stale.end());
  json again = study_of(file, "--as-of 2026-11-24 --draws 2000");
  EXPECT_EQ(study, again);
  EXPECT_NE(study["options"][0]["monte_carlo"],
            study_of(file, "--draws 2000 --seed 2")["options"][0]["monte_carlo"]);
  EXPECT_TRUE(study_of(file)["stale_prices"].empty());
}

TEST(Cost, ATighterTargetServesFewerRequests) {
  const std::string file =
      with("input: 64, output: 16, batch_max: 4", "input: 64, output: 16, batch_max: 256");
  const json loose = study_of(file)["options"][0];
  const double all = loose["served"]["tpot_s"].get<double>();
  const json tight = study_of(file, fmt::format("--tpot-max {}", all * 0.8))["options"][0];
  EXPECT_TRUE(tight["meets_target"].get<bool>());
  EXPECT_LT(tight["served"]["requests_per_s"].get<double>(), loose["served"]["requests_per_s"].get<double>());
  EXPECT_LE(tight["served"]["tpot_s"].get<double>(), all * 0.8);
  EXPECT_GE(tight["chips"].get<double>(), loose["chips"].get<double>());
  const CommandResult r = orrery_command("cost " + file + " --fidelity roofline --tpot-max 1e-9");
  EXPECT_EQ(r.exit_code, 2);
  EXPECT_NE(r.err.find("no option keeps"), std::string::npos) << r.err;
  EXPECT_NE(r.err.find("bought "), std::string::npos) << r.err;  // by how much, of each
}

// An option that misses the target is said to, and judged by what it serves without.
TEST(Cost, AnOptionThatMissesIsJudgedWithout) {
  const std::string file = with("title: test", "title: test");
  const json base = study_of(file);
  // Between the fastest machine's token and the slowest one's.
  const double fast = base["options"][0]["serving"]["tpot_s"]["p50"].get<double>();
  const double slow = base["options"][2]["serving"]["tpot_s"]["p50"].get<double>();
  ASSERT_LT(fast * 1.5, slow);
  const json study = study_of(file, fmt::format("--tpot-max {}", fast * 1.2));
  EXPECT_TRUE(study["options"][0]["meets_target"].get<bool>());
  const json& missed = study["options"][2];
  EXPECT_FALSE(missed["meets_target"].get<bool>());
  EXPECT_GT(missed["served"]["requests_per_s"].get<double>(), 0);
  EXPECT_GT(missed["usd_per_m_tokens"]["all"].get<double>(), 0);
}

// A first-token target is of a request, not of prompts that are computed together: many are served at a time
// where one prompt fits the target and a batch of them does not.
TEST(Cost, AFirstTokenTargetIsOfEachRequest) {
  const std::string file =
      with("input: 64, output: 16, batch_max: 4", "input: 800, output: 200, batch_max: 64");
  const CommandResult run = orrery_command(
      "run --arch gpu/h100-sxm --model gpt2 --batch 64 --input 800 --output 200 --fidelity roofline "
      "--format "
      "json");
  ASSERT_EQ(run.exit_code, 0) << run.err;
  const double together = json::parse(run.out)["ttft_s"].get<double>();
  const json study = study_of(file, fmt::format("--ttft-max {}", together / 4));
  const json& option = study["options"][0];
  EXPECT_TRUE(option["meets_target"].get<bool>());
  EXPECT_LE(option["served"]["ttft_s"].get<double>(), together / 4);
  EXPECT_GT(option["served"]["sequences"].get<double>(), 16);  // a batch of that many would take too long
}

// Degrees make the devices of a replica.
TEST(Cost, OptionsSayHowDevicesDivideTheModel) {
  const std::string arch = "    arch: gpu/h100-sxm\n";
  const json study = study_of(with(arch, arch + "    tp: 2\n    pp: 2\n    batch: 3\n"));
  const json& option = study["options"][0];
  EXPECT_EQ(option["devices"], 4);
  EXPECT_EQ(option["serving"]["parallelism"]["tp"], 2);
  EXPECT_EQ(option["serving"]["parallelism"]["pp"], 2);
  EXPECT_EQ(option["serving"]["scheduler"]["sequences"], 3);  // before the workload's batch_max
  cost_refused(with(arch, arch + "    devices: 3\n    tp: 2\n    pp: 2\n"),
               {"--tp 2 x --pp 2 take 4 devices, --devices is 3: change either"});
}

// What `cost` says of an option is what `serve` says of its machine at that rate.
TEST(Cost, ServesAsServeDoes) {
  const json option = study_of(with("title: test", "title: test"))["options"][1];
  const CommandResult r = orrery_command(
      fmt::format("serve --arch gpu/a100-sxm-80gb --model gpt2 --input 64 --output 16 --max-sequences 4 "
                  "--fidelity roofline "
                  "--rate {} --requests {} --tpot 1 --format json",
                  option["served"]["requests_per_s"].dump(), option["serving"]["requests"].dump()));
  ASSERT_EQ(r.exit_code, 0) << r.err;
  const json served = json::parse(r.out);
  EXPECT_EQ(served["ttft_s"]["p90"], option["served"]["ttft_s"]);
  EXPECT_EQ(served["tpot_s"]["p90"], option["served"]["tpot_s"]);
  EXPECT_EQ(served["average_power_w"], option["served"]["power_w"]);
}

// More tokens a second for each user: fewer sequences at a time, dearer tokens, and in the end nobody keeps
// it.
TEST(Cost, UserRates) {
  const std::string file = with("title: test", "title: test");
  const json base = study_of(file);
  const double alone = 1 / base["options"][0]["served"]["tpot_s"].get<double>();
  const json study = study_of(file, fmt::format("--user-rates {},{},1e9", alone / 10, alone * 1.1));
  const json& rates = study["user_rates"];
  ASSERT_EQ(rates.size(), 3U);
  EXPECT_EQ(rates[0]["options"][0]["usd_per_m_tokens"], base["options"][0]["usd_per_m_tokens"]["all"]);
  EXPECT_LT(rates[1]["options"][0]["sequences"], rates[0]["options"][0]["sequences"]);
  EXPECT_TRUE(rates[2]["cheapest"].is_null());
  EXPECT_TRUE(base["user_rates"].empty());
  EXPECT_EQ(orrery_command("cost " + file + " --user-rates 10,0").exit_code, 2);
  EXPECT_EQ(orrery_command("cost " + file + " --fidelity cycle").exit_code, 2);
}

// What is owned comes in whole servers, as the price list says of the machine; what is rented does not.
TEST(Cost, PricesAndHostsComeFromThePriceList) {
  const json study = study_of(with(
      "    chip_price: {value: 28000, low: 20000, high: 32000, currency: USD, date: \"2025-10\"}\n", ""));
  const json& bought = study["options"][0];
  EXPECT_EQ(bought["chip_price_usd"], 28000);
  EXPECT_EQ(std::fmod(bought["chips"].get<double>(), 8), 0);
  EXPECT_EQ(bought["chips"].get<double>(), 8 * bought["servers"].get<double>());
  EXPECT_DOUBLE_EQ(bought["capex_usd"].get<double>(),
                   (8 * 28000 + 60000) * 1.1 * bought["servers"].get<double>());
  EXPECT_EQ(study["options"][1]["chips"], 1);
  EXPECT_GT(bought["nameplate_kw"].get<double>(), bought["average_kw"].get<double>());
  for (const json& stage : study["options"][1]["path"]) EXPECT_EQ(stage["usd"], 0);
  ASSERT_EQ(study["break_evens"].size(), 2U);
  EXPECT_EQ(study["break_evens"][0]["owned"], "bought");
  EXPECT_EQ(study["break_evens"][0]["rented"], "rented");
  cost_refused(
      with("arch: gpu/h100-sxm\n    chip_price: {value: 28000, low: 20000, high: 32000, currency: USD, "
           "date: \"2025-10\"}\n",
           "arch: asic/edge-npu\n"),
      {"scenario.yaml:12", "needs 'chip_price'", "asic/edge-npu"});
  cost_refused(with("name: rented", "name: bought"), {"scenario.yaml:16", "two options are named 'bought'"});
  cost_refused(with("low: 20000", "low: -20000"), {"chip_price"});
}

// One option's number is set by the option's name; nothing is simulated for it again.
TEST(Cost, AChangedPriceChangesOneOptionAlone) {
  const std::string file = with("title: test", "title: test");
  const json before = study_of(file);
  const json after = study_of(file, "cost.rented.rent_per_hour=1");
  EXPECT_EQ(before["options"][0]["usd_per_year"], after["options"][0]["usd_per_year"]);
  EXPECT_NEAR(after["options"][1]["usd_per_year"]["rent"].get<double>() /
                  before["options"][1]["usd_per_year"]["rent"].get<double>(),
              1 / 1.4, 1e-9);
  EXPECT_EQ(before["options"][1]["serving"], after["options"][1]["serving"]);
}

// What brings a model onto a machine is paid by whoever owns or rents it; bought designs by who makes it.
TEST(Cost, EngineeringAndBoughtDesigns) {
  const json plain = study_of(with("title: test", "title: test"));
  const std::string price =
      "{value: 1e6, low: 5e5, high: 2e6, currency: USD, date: \"2026\", grade: design, "
      "source: test}";
  const json engineered =
      study_of(with("acquire: rent\n", "acquire: rent\n    engineering_price: " + price + "\n"));
  EXPECT_DOUBLE_EQ(engineered["options"][1]["engineering_usd"].get<double>(), 1e6);
  EXPECT_GT(engineered["options"][1]["usd_per_year"]["total"].get<double>(),
            plain["options"][1]["usd_per_year"]["total"].get<double>() + 1e6 / 5);
  const json licensed = study_of(with("acquire: make\n", "acquire: make\n    ip_price: " + price + "\n"));
  EXPECT_GT(licensed["options"][2]["nre_usd"].get<double>(), plain["options"][2]["nre_usd"].get<double>());
}

TEST(Cost, TheTableSaysWhoIsCheaperAndWhere) {
  const CommandResult r =
      orrery_command("cost " + with("title: test", "title: test") + " --fidelity roofline");
  EXPECT_EQ(r.exit_code, 0) << r.err;
  for (const char* words : {"USD/M output tokens", "bought beats rented in", "where the order changes",
                            "answer: ", "what matters most", "from pilot to scale", "break-even", "--as-of"})
    EXPECT_NE(r.out.find(words), std::string::npos) << words << " in:\n" << r.out;
}

// By operator and by phase, energy and time add up to the run's.
TEST(Energy, OperatorsAndPhasesAddUp) {
  const CommandResult r = orrery_command(
      "run --arch gpu/a100-sxm-80gb --model gpt2 --input 64 --output 8 --runtime vllm --batch 2 --format "
      "json");
  ASSERT_EQ(r.exit_code, 0) << r.err;
  const json run = json::parse(r.out);
  double joules = 0;
  double seconds = 0;
  for (const json& o : run["operators"]) {
    joules += o["energy_j"].get<double>();
    seconds += o["time_s"].get<double>();
  }
  const double total = run["energy_j"]["total"].get<double>();
  EXPECT_NEAR(joules, total, 1e-9 * total);
  EXPECT_NEAR(seconds, run["latency_s"].get<double>(), 1e-9 * seconds);
  double phases = 0;
  for (const char* phase : {"prefill", "decode"})
    phases += run["phases"][phase]["time_s"].get<double>() * run["phases"][phase]["power_w"].get<double>();
  EXPECT_NEAR(phases, total, 1e-9 * total);
  double curve = 0;
  double at = 0;
  for (const json& s : run["power_over_time"]) {
    EXPECT_DOUBLE_EQ(s["from_s"].get<double>(), at);
    at = s["to_s"].get<double>();
    curve += s["power_w"].get<double>() * (at - s["from_s"].get<double>());
  }
  EXPECT_NEAR(curve, total, 1e-9 * total);
  EXPECT_GE(run["power_over_time"].size(), 3U);  // the prompt, and more than one stretch of tokens
  double parts = 0;
  for (const auto& [part, j] : run["energy_j"].items()) parts += part == "total" ? 0 : j.get<double>();
  EXPECT_NEAR(parts, total, 1e-9 * total);
  EXPECT_GT(run["price_usd"]["unit_cost"].get<double>(), 500);
  EXPECT_GT(run["price_usd"]["per_m_output_tokens"].get<double>(), 0);
}

// Large products run into a cap: the lower it is, the slower, and the fewer joules.
TEST(Energy, PowerCapsSideBySide) {
  const CommandResult r = orrery_command(
      "compare --arch gpu/a100-sxm-80gb --power-cap 400,250 --model gpt2-xl --input 1024 --output 1 --batch "
      "32 "
      "--format json");
  ASSERT_EQ(r.exit_code, 0) << r.err;
  const json runs = json::parse(r.out);
  ASSERT_EQ(runs.size(), 2U);
  EXPECT_EQ(runs[1]["arch"], "gpu/a100-sxm-80gb at 250 W");
  EXPECT_GT(runs[1]["latency_s"].get<double>(), 1.05 * runs[0]["latency_s"].get<double>());
  // The clock goes in steps of 1 %, power with up to its cube.
  EXPECT_LT(runs[1]["average_power_w"].get<double>(), 250 * 1.03);
  EXPECT_EQ(orrery_command("compare --arch gpu/a100-sxm-80gb --power-cap 0 --model gpt2").exit_code, 2);
}

// A machine without a price is given nobody else's.
TEST(Energy, UnknownPricesStayUnknown) {
  const CommandResult r = orrery_command(
      "run --arch asic/edge-npu --model gpt2 --input 16 --output 2 --format json --fidelity roofline");
  ASSERT_EQ(r.exit_code, 0) << r.err;
  const json run = json::parse(r.out);
  EXPECT_TRUE(run["price_usd"]["chip"].is_null());
  EXPECT_TRUE(run["price_usd"]["per_m_output_tokens"].is_null());
}

TEST(Cost, BadInputIsRefusedWithFileAndLine) {
  cost_refused(with(", currency: USD, date: \"2025-10\"", ", date: \"2025-10\""),
               {"scenario.yaml:14", "chip_price", "has no currency"});
  cost_refused(with(", currency: USD, date: \"2025-10\"", ", currency: USD"),
               {"scenario.yaml:14", "has no date"});
  cost_refused(with("{value: 28000, low: 20000, high: 32000, currency: USD, date: \"2025-10\"}", "28000"),
               {"scenario.yaml:14", "has no currency"});
  cost_refused(with("pue: 1.2", "pue: 0.9"), {"scenario.yaml:10", "finance.pue", "1 to 5"});
  cost_refused(with("utilisation: 0.5", "utilisation: 1.5"), {"scenario.yaml:5", "demand.utilisation"});
  cost_refused(with("years: 4", "years: -1"), {"scenario.yaml:7", "finance.years"});
  cost_refused(with("arch: asic/tpu-v5e", "arch: asic/tpu-v5f"),
               {"scenario.yaml:21", "did you mean 'asic/tpu-v5e'"});
  cost_refused(with("model: gpt2", "model: gpt2x"), {"scenario.yaml:3", "gpt2x"});
  cost_refused(with("process_nm: 7", "process_nm: 9"), {"scenario.yaml:23", "no 9 nm", "it has"});
  cost_refused(with("    process_nm: 7\n", ""), {"scenario.yaml:21", "no 0 nm"});  // nor does the machine say
  cost_refused(with("value: 28000", "value: 38000"), {"scenario.yaml:14", "outside its own range"});
  cost_refused(with("pue: 1.2", "puee: 1.2"), {"scenario.yaml:10", "did you mean 'pue'"});
  cost_refused("no-such-scenario", {"no cost scenario"});
  const CommandResult r = orrery_command("cost " + with("title: test", "title: test") + " --as-of yesterday");
  EXPECT_EQ(r.exit_code, 2);
  EXPECT_NE(r.err.find("is no date"), std::string::npos);
}

}  // namespace
}  // namespace orrery::test
