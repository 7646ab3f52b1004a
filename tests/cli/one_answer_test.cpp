// One question, one answer: whoever asks, in whichever process, from the store or not, gets it to the last
// digit.

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>

#include "tests/support/command.h"

namespace orrery::test {
namespace {

using nlohmann::json;

json answer(const std::string& arguments) {
  const CommandResult r = orrery_command(arguments + " --format json");
  EXPECT_EQ(r.exit_code, 0) << arguments << "\n" << r.err;
  json result = json::parse(r.exit_code == 0 ? r.out : "{}");
  for (json* one : {&result, result.is_array() && !result.empty() ? &result[0] : nullptr}) {
    if (one != nullptr && one->is_object()) one->erase("run_info");
  }
  return result;
}

// The environment names the store; restored at the end.
struct StoreAt {
  explicit StoreAt(const std::string& path) { setenv("ORRERY_STORE", path.c_str(), 1); }
  ~StoreAt() { setenv("ORRERY_STORE", "off", 1); }
};

constexpr const char* kAsked = "--input 256 --output 16 --batch 4 --dtype bf16";

TEST(OneAnswer, RunCompareSweepCostAndValidateAgree) {
  const json run = answer("run --arch asic/tpu-v5e --model gpt2 --runtime vllm " + std::string(kAsked));
  const json compared = answer(
      "compare --arch asic/tpu-v5e --arch gpu/h100-sxm --model gpt2 --runtime vllm " + std::string(kAsked));
  ASSERT_EQ(compared.size(), 2U);
  EXPECT_EQ(compared[0], run);

  const std::string sweep = temporary_file(
      "one.yaml",
      "schema: orrery/sweep/1\nof: {arch: asic/tpu-v5e, llm: gpt2, runtime: vllm,\n"
      "     scenario: {input: 256, output: 16, dtype: bf16}}\naxes: [{key: scenario.batch, values: [4]}]\n");
  const std::string store = temporary_folder() + "/one.db";
  std::filesystem::remove(store);
  ASSERT_EQ(orrery_command("sweep " + sweep + " --db " + store).exit_code, 0);
  const CommandResult exported = orrery_command("sweep export " + store + " --json");
  ASSERT_EQ(exported.exit_code, 0) << exported.err;
  const json points = json::parse(exported.out);
  json swept = points[0].value("result", json::object());
  if (swept.is_string()) swept = json::parse(swept.get<std::string>());
  for (const char* key : {"latency_s", "ttft_s", "tpot_s", "energy_j", "counts", "price_usd",
                          "expected_error", "area_mm2", "time_s"})
    EXPECT_EQ(swept[key], run[key]) << key;

  const std::string costs = temporary_file(
      "one-cost.yaml",
      "schema: orrery/cost/1\nmodel: gpt2\nworkload: {input: 256, output: 16}\n"
      "demand: {output_tokens_per_s: 1000}\nfinance: {}\noptions:\n"
      "  - {name: it, arch: asic/tpu-v5e, runtime: vllm, dtype: bf16, batch: 4, acquire: rent,\n"
      "     rent_per_hour: {value: 1, currency: USD, date: \"2026\", source: test, grade: design}}\n");
  const json cost = answer("cost " + costs + " --draws 10")["options"][0]["serving"];
  const json served = answer(
      "serve --arch asic/tpu-v5e --model gpt2 --runtime vllm --dtype bf16 --input 256 --output 16 "
      "--max-sequences 4 --rate " +
      cost["highest_rate_per_s"].dump() + " --requests " + cost["requests"].dump());
  for (const char* key : {"ttft_s", "tpot_s", "e2e_s", "energy_j", "price_usd", "expected_error", "time_s"})
    EXPECT_EQ(cost[key], served[key]) << key;
  const std::string served_sweep = temporary_file(
      "one-served.yaml",
      "schema: orrery/sweep/1\nof: {arch: asic/tpu-v5e, llm: gpt2, runtime: vllm,\n"
      "     scenario: {input: 256, output: 16, dtype: bf16}, serving: {rate: 5, requests: 50}}\n"
      "axes: [{key: serving.max_sequences, values: [4]}]\n");
  const std::string served_store = temporary_folder() + "/one-served.db";
  std::filesystem::remove(served_store);
  ASSERT_EQ(orrery_command("sweep " + served_sweep + " --db " + served_store).exit_code, 0);
  const json point =
      json::parse(orrery_command("sweep export " + served_store + " --json").out).at(0).at("result");
  const json five = answer(
      "serve --arch asic/tpu-v5e --model gpt2 --runtime vllm --dtype bf16 --input 256 --output 16 "
      "--max-sequences 4 --rate 5 --requests 50");
  for (const char* key : {"ttft_s", "tpot_s", "e2e_s", "energy_j", "price_usd", "expected_error", "time_s"})
    EXPECT_EQ(point[key], five[key]) << key;

  const std::string rows =
      temporary_file("one.csv",
                     "device,framework,model,batch,input_len,output_len,devices,dtype,measured_s\n"
                     "asic/tpu-v5e,vllm,gpt2,4,256,16,1,bf16,1\n");
  const json validated = answer("validate " + rows);
  EXPECT_DOUBLE_EQ(validated[0]["bias"].get<double>() + 1, run["latency_s"].get<double>());
}

TEST(OneAnswer, TheStoreChangesNothing) {
  const std::string question =
      "run --arch gpu/h100-sxm --model gpt2 --runtime vllm --input 300 --output 40 --batch 3";
  const json without = answer(question);
  const StoreAt at(temporary_folder() + "/kernels.db");
  EXPECT_EQ(answer(question), without);
  const json status = answer("store status");
  EXPECT_GT(status["kernels"].get<int>(), 10);
  EXPECT_EQ(answer(question), without);  // from the store
  EXPECT_EQ(answer(question + " --no-store"), without);
  // Other contexts meet some of the same kernels on other states of the shared buffer.
  const std::string longer = question + " --layers 3 scenario.output=90";
  const json other = answer(longer);
  EXPECT_EQ(answer(longer + " --no-store"), other);
  EXPECT_GT(answer("store status")["kernels"], status["kernels"]);
}

// A price or a description is another question for money, and the same for the machine.
TEST(OneAnswer, APriceDoesNotSimulateAgain) {
  const StoreAt at(temporary_folder() + "/prices.db");
  const std::string question = "run --arch gpu/h100-sxm --model gpt2 --input 64 --output 8 ";
  const json plain = answer(question);
  const json kernels = answer("store status")["kernels"];
  EXPECT_GT(kernels.get<int>(), 0);
  const json dearer = answer(question + "prices.discount_rate=0.5");
  EXPECT_NE(dearer["price_usd"], plain["price_usd"]);
  EXPECT_EQ(dearer["latency_s"], plain["latency_s"]);
  answer(question + "technology.wafer_mm=200");
  EXPECT_EQ(answer("store status")["kernels"], kernels);
  const json slower = answer(question + "arch.clock_ghz=1.0");
  EXPECT_GT(slower["latency_s"], plain["latency_s"]);
  EXPECT_GT(answer("store status")["kernels"], kernels);
  // Nor does another price of a cost scenario, whose options are kept whole.
  const std::string cost = "cost gpu-now-fpga-or-asic-at-volume --fidelity roofline --draws 10 ";
  const json before = answer(cost);
  const json answers = answer("store status")["answers"];
  EXPECT_EQ(answers, 3);  // of four options, two differ in prices alone
  const json after = answer(cost + "cost.finance.electricity_per_kwh=0.9");
  EXPECT_EQ(answer("store status")["answers"], answers);
  EXPECT_EQ(before["options"][1]["serving"], after["options"][1]["serving"]);
  EXPECT_NE(before["options"][1]["usd_per_year"], after["options"][1]["usd_per_year"]);
  answer(cost + "--ttft-max 2");
  EXPECT_GT(answer("store status")["answers"], answers);
  const CommandResult pruned = orrery_command("store prune --all");
  EXPECT_EQ(pruned.exit_code, 0) << pruned.err;
  EXPECT_EQ(answer("store status")["kernels"], 0);
}

// Of kernels that a library chooses only those chosen by time are kept: their energies are not in the
// address.
TEST(OneAnswer, ChoicesByEnergyOfALibraryAreNotKept) {
  const StoreAt at(temporary_folder() + "/energy.db");
  const std::string kernel = "kernel --arch gpu/h100-sxm --op matmul --m 256 --n 256 --k 256 ";
  answer(kernel + "--objective energy");
  EXPECT_EQ(answer("store status")["kernels"], 0);
  answer(kernel);
  EXPECT_EQ(answer("store status")["kernels"], 1);
}

// A store that cannot be used is said so, and missed by nobody.
TEST(OneAnswer, WithoutAStoreEverythingRuns) {
  const std::string question = "kernel --arch gpu/h100-sxm --op add --m 64 --n 4096";
  const json plain = answer(question);
  const StoreAt at("/proc/no/kernels.db");
  const CommandResult r = orrery_command(question + " --format json");
  EXPECT_EQ(r.exit_code, 0);
  EXPECT_NE(r.err.find("warning: the kernel store /proc/no/kernels.db is not used"), std::string::npos)
      << r.err;
  json result = json::parse(r.out);
  result.erase("run_info");
  EXPECT_EQ(result, plain);
  EXPECT_EQ(orrery_command("store status").exit_code, 0);  // there is none yet
}

// The same of a store whose file may not grow.
TEST(OneAnswer, AFullDiskIsNoLoss) {
  const std::string folder = temporary_folder();
  const std::string command = "ulimit -f 8; ORRERY_STORE=" + folder + "/full.db " + ORRERY_BINARY +
                              " kernel --arch gpu/h100-sxm --op add --m 64 --n 4096 >" + folder +
                              "/full.out 2>" + folder + "/full.err";
  EXPECT_EQ(std::system(command.c_str()), 0);
  EXPECT_NE(read_file(folder + "/full.err").find("is not used"), std::string::npos);
  EXPECT_EQ(read_file(folder + "/full.out"),
            orrery_command("kernel --arch gpu/h100-sxm --op add --m 64 --n 4096").out);
}

TEST(OneAnswer, AKeyIsSetInEveryCommand) {
  const auto probe = [](const std::string& more) {
    return answer("probe dram --arch gpu/h100-sxm --fidelity tile --pattern seq_read " + more);
  };
  EXPECT_NEAR(probe("arch.dram.channels=80")["peak_gb_per_s"].get<double>(),
              probe("")["peak_gb_per_s"].get<double>() / 2, 1);
  EXPECT_EQ(orrery_command("probe dram --preset ddr4-3200 arch.dram.channels=2").exit_code, 2);
  const std::string link = "probe collective --node h100_dgx --bytes 1073741824 ";
  EXPECT_GT(answer(link + "node.link.bandwidth_gb_per_s=100")["time_us"], answer(link)["time_us"]);
  const std::string rows =
      temporary_file("add.csv", "device,op,m,n,measured_us\ngpu/h100-sxm,add,4096,4096,100\n");
  EXPECT_GT(answer("validate " + rows + " arch.dram.channels=20")[0]["bias"],
            answer("validate " + rows)[0]["bias"]);
  const CommandResult refused = orrery_command("validate " + rows + " arch.clock_gzh=2");
  EXPECT_NE(refused.err.find("clock_ghz"), std::string::npos) << refused.err;
  EXPECT_NE(refused.exit_code, 0);
  const std::string cost = "cost gpu-now-fpga-or-asic-at-volume --fidelity roofline --draws 10 ";
  const json dear = answer(cost + "cost.finance.electricity_per_kwh=0.9");
  const json cheap = answer(cost);
  EXPECT_GT(dear["options"].back()["usd_per_year"]["electricity"],
            cheap["options"].back()["usd_per_year"]["electricity"]);
  EXPECT_EQ(dear["options"][0]["served"], cheap["options"][0]["served"]);
}

}  // namespace
}  // namespace orrery::test
