// Does a user get what --help promises?

#include <gtest/gtest.h>

#include <cstdlib>
#include <nlohmann/json.hpp>

#include "tests/support/command.h"

namespace orrery::test {
namespace {

TEST(Help, EveryCommandExplainsItselfWithExamplesThatRun) {
  EXPECT_EQ(orrery_command("--help").exit_code, 0);
  for (const char* name :
       {"run", "compare", "kernel", "trace make", "trace show", "list", "check", "schema", "probe dram",
        "probe noc", "probe sram", "probe collective", "validate", "doctor"}) {
    const CommandResult r = orrery_command(std::string(name) + " --help");
    EXPECT_EQ(r.exit_code, 0) << name;
    EXPECT_NE(r.out.find("Examples:\n  orrery "), std::string::npos) << name << r.out;
  }
  for (const char* example :
       {"kernel --arch gpu/h100-sxm --op rmsnorm --m 4096 --n 8192 --format json",
        "kernel --arch asic/tpu-v5e --op attention --q 1024 --kv 1024 --heads 32 --head-dim 128 --causal",
        "kernel --arch gpu/h100-sxm --op attention --batch 32 --q 1 --kv 4096 --more 96x1x1000,8x1x30000 "
        "--heads 32 --kv-heads 8 --head-dim 128",
        "kernel --arch gpu/a100-sxm-80gb --op all_reduce --bytes 1048576 --devices 8",
        "run --arch asic/tpu-v5e --model gpt2-xl --batch 8 --input 512 --format json",
        "run --arch gpu/h100-sxm --model llama-3-8b --devices 4 --fidelity roofline",
        "list models --format csv", "schema arch", "check gpu/a100-sxm-40gb --provenance"}) {
    const CommandResult r = orrery_command(example);
    EXPECT_EQ(r.exit_code, 0) << example << "\n" << r.err;
    EXPECT_FALSE(r.out.empty());
  }
}

TEST(Help, IsAskedForInEitherOrder) {
  EXPECT_EQ(orrery_command("help kernel").out, orrery_command("kernel --help").out);
  EXPECT_EQ(orrery_command("help kernl").exit_code, 2);
}

// An installation that lacks its data says so, and what to do.
TEST(Help, TheDoctorFindsWhatIsMissing) {
  const CommandResult well = orrery_command("doctor --format json");
  EXPECT_EQ(well.exit_code, 0) << well.out;
  for (const auto& row : nlohmann::json::parse(well.out)) EXPECT_NE(row["state"], "missing") << row;
  setenv("ORRERY_HOME", "/nowhere", 1);
  const CommandResult ill = orrery_command("doctor");
  unsetenv("ORRERY_HOME");
  EXPECT_EQ(ill.exit_code, 1);
  EXPECT_NE(ill.out.find("set ORRERY_HOME"), std::string::npos) << ill.out;
}

// Each counter of a result has its unit and meaning in the result's schema.
TEST(Help, CountersAreExplained) {
  const auto result = nlohmann::json::parse(
      orrery_command("kernel --arch asic/edge-npu --op add --m 8 --n 8 --format json").out);
  const auto schema = nlohmann::json::parse(orrery_command("schema result").out);
  nlohmann::json told;
  for (const auto& kind : schema["anyOf"][1]["allOf"]) {
    if (kind["if"]["properties"]["kind"]["const"] == "kernel")
      told = kind["then"]["properties"]["counts"]["properties"];
  }
  for (const auto& [name, count] : result["counts"].items())
    EXPECT_FALSE(told.value(name, nlohmann::json::object()).value("description", "").empty()) << name;
  EXPECT_NE(told["issued_macs"]["description"].get<std::string>().find("16-bit MACs"), std::string::npos);
}

// The manual page and the completions are written from the tables of options.
TEST(Help, ManualAndCompletionsNameEveryCommandAndOption) {
  const std::string man = orrery_command("help --man").out;
  const std::string bash = orrery_command("help --bash").out;
  for (const char* command : {"run", "probe dram", "sweep export", "trace make", "store", "schema"}) {
    EXPECT_NE(man.find(".SS \"orrery " + std::string(command) + "\""), std::string::npos) << command;
    EXPECT_NE(bash.find("'" + std::string(command) + "') words="), std::string::npos) << command;
  }
  EXPECT_NE(man.find("\\-\\-no\\-store"), std::string::npos);
  EXPECT_NE(bash.find("--no-store"), std::string::npos);
  const std::string script = temporary_file("orrery.bash", bash);
  const std::string asked =
      "bash -c '. " + script +
      "; COMP_WORDS=(orrery probe dram --pat); COMP_CWORD=3; _orrery; echo ${COMPREPLY[0]}' >" + script +
      ".out";
  ASSERT_EQ(std::system(asked.c_str()), 0);
  EXPECT_EQ(read_file(script + ".out"), "--pattern\n");
}

TEST(BadInput, AnUnexpectedArgumentIsNamed) {
  for (const char* arguments :
       {"doctor foo", "list archs foo", "check gpu/h100-sxm foo", "schema arch foo"}) {
    const CommandResult r = orrery_command(arguments);
    EXPECT_EQ(r.exit_code, 2) << arguments;
    EXPECT_NE(r.err.find("unexpected argument 'foo'"), std::string::npos) << arguments << r.err;
  }
}

TEST(Help, OptionsThatAreNotBuiltAreRefusedNotIgnored) {
  for (const char* arguments :
       {"sweep x.yaml", "cost x.yaml", "run --arch asic/tpu-v5e --model gpt2 --speculate 2",
        "run --arch asic/tpu-v5e --model gpt2 --runtime vllm",
        "run --arch asic/tpu-v5e --model gpt2 --fidelity cycle"}) {
    const CommandResult r = orrery_command(arguments);
    EXPECT_EQ(r.exit_code, 2) << arguments;
    EXPECT_FALSE(r.err.empty());
  }
  EXPECT_EQ(orrery_command("run --help").out.find("--speculate"), std::string::npos);
}

TEST(Help, AMisspeltOptionOrCommandIsAnsweredWithTheNearest) {
  EXPECT_NE(orrery_command("run --arhc x").err.find("'arch'"), std::string::npos);
  EXPECT_NE(orrery_command("kernl").err.find("'kernel'"), std::string::npos);
  EXPECT_NE(orrery_command("run --arch gpu/a100-sxm-40b --model gpt2").err.find("gpu/a100-sxm-40gb"),
            std::string::npos);
  EXPECT_NE(orrery_command("run --arch asic/tpu-v5e --model gtp2").err.find("'gpt2'"), std::string::npos);
}

TEST(Run, ReportsEveryFieldOfTheContract) {
  const CommandResult r =
      orrery_command("run --arch asic/tpu-v5e --model gpt2 --input 32 --output 4 --format json");
  ASSERT_EQ(r.exit_code, 0) << r.err;
  const auto j = nlohmann::json::parse(r.out);
  for (const char* key :
       {"ttft_s", "tpot_s", "latency_s", "tokens_per_s", "energy_j", "energy_per_token_j", "average_power_w",
        "area_mm2", "utilization", "bound", "time_s", "simulated", "run_info"}) {
    EXPECT_TRUE(j.contains(key)) << key;
  }
  EXPECT_EQ(j["schema"], "orrery/result/1");
  EXPECT_NEAR(j["tpot_s"].get<double>(), (j["latency_s"].get<double>() - j["ttft_s"].get<double>()) / 3,
              1e-12);
  EXPECT_NEAR(j["tokens_per_s"].get<double>(), 4 / j["latency_s"].get<double>(), 1e-6);
  double time = 0;
  for (const auto& [key, value] : j["time_s"].items()) time += value.get<double>();
  EXPECT_NEAR(time, j["latency_s"].get<double>(), 1e-9 * time);
  double energy = -j["energy_j"]["total"].get<double>();
  for (const auto& [key, value] : j["energy_j"].items()) energy += value.get<double>();
  EXPECT_NEAR(energy, j["energy_j"]["total"].get<double>(), 1e-9 * energy);
  const double shares = j["simulated"]["share_simulated"].get<double>() +
                        j["simulated"]["share_replayed"].get<double>() +
                        j["simulated"]["share_replicated"].get<double>();
  EXPECT_NEAR(shares, 1, 1e-9);
  const auto one = nlohmann::json::parse(
      orrery_command("run --arch asic/tpu-v5e --model gpt2 --input 32 --output 1 --format json").out);
  EXPECT_TRUE(one["tpot_s"].is_null());
}

TEST(Run, CsvJoinsNestedKeysWithDots) {
  const CommandResult r =
      orrery_command("run --arch asic/tpu-v5e --model gpt2 --input 32 --output 1 --format csv");
  EXPECT_NE(r.out.find(",energy_j.total,energy_j.compute,"), std::string::npos) << r.out;
  EXPECT_NE(r.out.find(",time_s.compute,"), std::string::npos);
}

std::string without_run_info(const std::string& text) {
  auto j = nlohmann::ordered_json::parse(text);
  if (j.is_array()) {
    for (auto& item : j) item.erase("run_info");
  } else {
    j.erase("run_info");
  }
  return j.dump();
}

TEST(Determinism, TheSameInputGivesTheSameBytesWhateverTheJobCount) {
  const std::string compare =
      "compare --arch gpu/a100-sxm-40gb --arch fpga/u280-x4-dfx --arch asic/tpu-v4i --model gpt2 --input 64 "
      "--output 8 "
      "--format json --jobs ";
  const std::string one = without_run_info(orrery_command(compare + "1").out);
  EXPECT_EQ(one, without_run_info(orrery_command(compare + "3").out));
  EXPECT_EQ(one, without_run_info(orrery_command(compare + "2").out));
  // And what compare says of a machine is what run says.
  const auto run = nlohmann::ordered_json::parse(without_run_info(
      orrery_command("run --arch asic/tpu-v4i --model gpt2 --input 64 --output 8 --format json").out));
  EXPECT_EQ(nlohmann::ordered_json::parse(one)[2].dump(), run.dump());
}

TEST(Trace, ReplayingAFileGivesTheSameBytesAsTheGeneratedStream) {
  for (const char* arch : {"gpu/a100-sxm-80gb", "fpga/u280-x4-dfx", "asic/tpu-v4i"}) {
    const std::string file = temporary_folder() + "/stream.jsonl";
    const std::string scenario = std::string(" --arch ") + arch;
    ASSERT_EQ(
        orrery_command("trace make --model gpt2 --input 24 --output 12 --batch 2 --out " + file + scenario)
            .exit_code,
        0);
    const CommandResult generated =
        orrery_command("run --model gpt2 --input 24 --output 12 --batch 2 --format json" + scenario);
    const CommandResult replayed = orrery_command("run --format json --trace " + file + scenario);
    ASSERT_EQ(replayed.exit_code, 0) << replayed.err;
    EXPECT_EQ(without_run_info(generated.out), without_run_info(replayed.out)) << arch;
  }
}

TEST(Compare, PrintsOneColumnAMachineAndRatiosToTheFirst) {
  const CommandResult r = orrery_command(
      "compare --arch gpu/a100-sxm-40gb --arch asic/tpu-v5e --model gpt2 --input 32 --output 4");
  EXPECT_EQ(r.exit_code, 0) << r.err;
  for (const char* word : {"TTFT", "TPOT", "energy per output token", "average power", "bound by",
                           "ratio to the first", "1.000x"}) {
    EXPECT_NE(r.out.find(word), std::string::npos) << word;
  }
  EXPECT_EQ(r.err, "");  // progress only on a terminal
}

}  // namespace
}  // namespace orrery::test
