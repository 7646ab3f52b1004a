// What no machine can do, and no number can be, is refused by every command and at every fidelity: one
// message, the exit code that says whose fault it is, and nothing printed as a result.

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "sim/config/arch_loader.h"
#include "sim/config/name_lookup.h"
#include "sim/timing/matrix_timing.h"
#include "tests/support/machine_name.h"
#include "tests/support/sweep_command.h"

namespace orrery::test {
namespace {

void expect_nonsense_refused(const std::string& arguments, const std::vector<std::string>& words,
                             int code = 2) {
  const CommandResult r = orrery_command(arguments);
  EXPECT_EQ(r.exit_code, code) << arguments << "\n" << r.err;
  EXPECT_EQ(r.out, "") << arguments;
  EXPECT_EQ(r.err.find("internal error"), std::string::npos) << r.err;
  for (const std::string& word : words)
    EXPECT_NE(r.err.find(word), std::string::npos) << arguments << ": no '" << word << "' in\n" << r.err;
}

class EveryMachine : public testing::TestWithParam<std::string> {};

// All formats at the bound: a number where the machine multiplies the format, a refusal where it does not.
TEST_P(EveryMachine, HasNoBoundInFormatsItDoesNotMultiply) {
  const ArchSpec arch = load_arch_named(GetParam());
  for (std::size_t d = 0; d < kDTypeCount; ++d) {
    const auto dtype = static_cast<DType>(d);
    const std::string command = fmt::format(
        "kernel --arch {} --op matmul --m 64 --n 64 --k 64 --dtype {} --fidelity roofline --format json",
        GetParam(), to_string(dtype));
    if (!supports_dtype(arch.cores.matrix, dtype)) {
      expect_nonsense_refused(command, {GetParam() + " does not multiply " + to_string(dtype), "it has "});
      continue;
    }
    const CommandResult r = orrery_command(command);
    ASSERT_EQ(r.exit_code, 0) << command << "\n" << r.err;
    const auto result = nlohmann::json::parse(r.out);
    EXPECT_GT(result["latency_us"], 0);
    EXPECT_GT(result["energy_j"], 0);
  }
}

INSTANTIATE_TEST_SUITE_P(All, EveryMachine, testing::ValuesIn(arch_names()), machine_test_name);

TEST(Nonsense, AFormatIsRefusedByEveryCommandAndFidelity) {
  for (const char* fidelity : {"roofline", "tile", "cycle"}) {
    expect_nonsense_refused(
        fmt::format("kernel --arch gpu/a100-sxm-80gb --op matmul --m 64 --n 64 --k 64 --dtype fp8 "
                    "--fidelity {}",
                    fidelity),
        {"does not multiply fp8"});
    expect_nonsense_refused(
        fmt::format("run --arch gpu/a100-sxm-80gb --model gpt2 --dtype fp8 --input 8 --output 2 "
                    "--fidelity {}",
                    fidelity),
        {"does not multiply fp8"});
  }
  expect_nonsense_refused(
      "compare --arch gpu/h100-sxm --arch gpu/a100-sxm-80gb --model gpt2 --dtype fp8 --fidelity roofline",
      {"gpu/a100-sxm-80gb does not multiply fp8"});
}

// A derived machine has the formats that it lists, and its numbers are not the base's data sheet's.
TEST(Nonsense, ADerivedMachineListsItsOwnFormats) {
  const auto has = [](const char* machine, DType dtype) {
    return supports_dtype(load_arch_named(machine).cores.matrix, dtype);
  };
  EXPECT_TRUE(has("gpu/v100-sxm2", DType::fp16));
  for (const DType other : {DType::bf16, DType::tf32, DType::int8, DType::int4})
    EXPECT_FALSE(has("gpu/v100-sxm2", other)) << to_string(other);
  EXPECT_FALSE(has("gpu/mi210", DType::tf32));
  EXPECT_FALSE(has("gpu/mi300x", DType::int4));
  EXPECT_FALSE(has("gpu/h100-sxm", DType::int4));
  EXPECT_FALSE(has("asic/tpu-v5e", DType::fp16));
  EXPECT_TRUE(has("gpu/h200-sxm", DType::fp8));  // the same chip
}

TEST(Nonsense, ASourceCoversTheNumbersItsFileGives) {
  const std::string base = temporary_file("base.yaml",
                                          "schema: orrery/arch/1\nname: b\nchip: {a: 1, b: {c: 2, d: 3}}\n"
                                          "sources:\n  chip: {grade: datasheet, source: \"of the base\"}\n");
  const std::string derived =
      temporary_file("derived.yaml",
                     "schema: orrery/arch/1\nbase: base.yaml\nname: d\nchip: {b: {c: 5}}\n"
                     "sources:\n  chip: {grade: datasheet, source: \"of the derived\"}\n");
  for (const Provenance& p : ConfigDocument::load(derived).provenance())
    EXPECT_EQ(p.source, p.pointer == "/chip/b/c" ? "of the derived" : "as b: of the base") << p.pointer;
}

TEST(Nonsense, SizesBeyondReasonAreRefusedWhereTheyStand) {
  const auto config = [](const std::string& key, const std::string& value) {
    std::string text =
        "{\"model_type\": \"llama\",\n \"hidden_size\": 64,\n \"num_hidden_layers\": 2,\n "
        "\"num_attention_heads\": 2,\n \"intermediate_size\": 128,\n \"vocab_size\": 100\n}\n";
    const std::size_t at = text.find("\"" + key + "\": ") + key.size() + 4;
    return text.replace(at, text.find_first_of(",\n", at) - at, value);
  };
  for (const auto& [key, value] :
       std::vector<std::pair<std::string, std::string>>{{"num_hidden_layers", "1000000"},
                                                        {"hidden_size", "4611686018427387904"},
                                                        {"hidden_size", "1099511627776"},
                                                        {"num_attention_heads", "4294967296"},
                                                        {"intermediate_size", "1e30"},
                                                        {"vocab_size", "-5"}}) {
    const std::string file = temporary_file("model.json", config(key, value));
    expect_nonsense_refused(
        "trace make --arch asic/tpu-v5e --model " + file + " --out " + temporary_folder() + "/x.jsonl",
        {file + ":", key, "at most"});
  }
}

TEST(Nonsense, OptionsHaveRangesAndSayThem) {
  const std::string run = "run --arch gpu/a100-sxm-80gb --model gpt2 --fidelity roofline ";
  for (const char* option : {"--devices 4294967296", "--batch 4398046511104", "--input 99999999999",
                             "--output 0", "--layers 13", "--tp 4294967297"}) {
    const std::string name = std::string(option).substr(0, std::string(option).find(' '));
    expect_nonsense_refused(run + option, {name + " is ", "; expected 1 to "});
  }
  expect_nonsense_refused("compare --arch gpu/a100-sxm-80gb --model gpt2 --devices 4294967296",
                          {"--devices is"});
  expect_nonsense_refused("probe dram --preset ddr4-3200 --load=1e-300", {"0.001 to 1"});
  expect_nonsense_refused("probe dram --preset ddr4-3200 --load=1.7", {"0.001 to 1"});
  expect_nonsense_refused("probe dram --preset ddr4-3200 --measure-ns=nan", {"--measure-ns"});
  expect_nonsense_refused("probe noc --topology mesh --cycles=4294967296",
                          {"--cycles is 4294967296; expected 1 to"});
  expect_nonsense_refused("probe noc --topology mesh --rate=1e-12", {"--rate"});
  expect_nonsense_refused("compare --arch gpu/a100-sxm-80gb --model gpt2 --power-cap inf",
                          {"'inf' is no power"});
}

// A product of sizes that no integer holds, and times beyond the clock's range.
TEST(Nonsense, WhatOverflowsIsSaid) {
  expect_nonsense_refused(
      "kernel --arch gpu/a100-sxm-80gb --op matmul --m 1099511627776 --n 1099511627776 --k 64 "
      "--fidelity roofline",
      {"beyond 2^64"});
  expect_nonsense_refused(
      "kernel --arch fpga/u280-x4-dfx --op attention --q 1000000 --kv 1000000 --heads 8 --kv-heads 1 "
      "--head-dim 128",
      {"would take about"});
  expect_nonsense_refused(
      "run --arch gpu/a100-sxm-80gb --model llama-2-7b --batch 16777216 --input 134217728 --output 1 "
      "--fidelity roofline",
      {});
}

TEST(Nonsense, KeysWithoutEndAreRefusedWithTheLargestAllowed) {
  const std::string preset = read_file(std::string(ORRERY_SOURCE_DIR) + "/arch_configs/dram/ddr4-3200.yaml");
  for (const char* key : {"transfers_per_clock", "channel_width_bits", "burst_length", "bank_groups",
                          "banks_per_group", "page_bytes", "nccd_s"}) {
    for (const char* value : {"4294967296", "4294967312", "18446744073709551616"}) {
      std::string text = preset;
      const std::size_t at = text.find(std::string("\n") + key + ": ") + std::string(key).size() + 3;
      text.replace(at, text.find('\n', at) - at, value);
      const std::string file = temporary_file("preset.yaml", text);
      expect_nonsense_refused("check " + file, {file + ":", key});
    }
  }
}

TEST(Nonsense, ANetworkThatIsTooSmallIsFoundByCheck) {
  const std::string machine = temporary_file(
      "mesh.yaml", "schema: orrery/arch/1\nbase: " + std::string(ORRERY_SOURCE_DIR) +
                       "/arch_configs/asic/mesh-npu.yaml\nname: mesh\nchip: {cores: {count: 40}}\n");
  expect_nonsense_refused("check " + machine,
                          {"mesh-npu.yaml:", "a network of 36 nodes is too small for 40 cores"});
}

// What is known to be wrong is known before anything runs: a message a point, no worker lost, exit 1 as long
// as failures stand.
TEST(Nonsense, ASweepOfImpossiblePointsFailsEachOfThemAndSaysSoAgain) {
  const std::string text =
      "schema: orrery/sweep/1\nof:\n  arch: [gpu/a100-sxm-40gb, gpu/rtx4090]\n  llm: gpt2\n"
      "  scenario: {input: 16, output: 2}\nfidelity: roofline\naxes:\n"
      "  - {key: scenario.dtype, values: [fp16, fp8, fp16]}\nobjectives:\n"
      "  - minimise: latency_s\n";
  const std::string file = temporary_file("formats.yaml", text);
  const std::string db = store("formats.db");
  for (int call = 0; call < 2; ++call) {
    const CommandResult r = run(file + " --db " + db);
    EXPECT_EQ(r.exit_code, 1) << r.out << r.err;
    EXPECT_NE(r.out.find("1 FAILED"), std::string::npos) << r.out;
  }
  const auto points = nlohmann::json::parse(exported(db, "--json"));
  EXPECT_EQ(points.size(), 4U);  // fp16 is one value
  const std::string front = orrery_command("sweep pareto " + db).out;
  EXPECT_EQ(front.find("gpu/a100-sxm-40gb, gpt2  fp8"), std::string::npos) << front;
}

TEST(Nonsense, AMachineThatCannotBeBuiltIsRefusedPointByPoint) {
  const std::string text =
      "schema: orrery/sweep/1\nof:\n  arch: asic/mesh-npu\n  llm: gpt2\n"
      "  scenario: [{input: 4, output: 1}, {input: 8, output: 1}, {input: 12, output: 1}]\n"
      "axes:\n  - {key: arch.cores.count, values: [40]}\n";
  const CommandResult r = run(temporary_file("refused.yaml", text) + " --jobs 1 --db " + store("refused.db"));
  EXPECT_EQ(r.exit_code, 1) << r.err;
  EXPECT_NE(r.out.find("3 FAILED"), std::string::npos) << r.out;
  const std::string status = orrery_command("sweep status " + store("refused.db")).out;
  EXPECT_EQ(status.find("signal"), std::string::npos) << status;
  EXPECT_NE(exported(store("refused.db")).find("too small for 40 cores"), std::string::npos);
}

TEST(Nonsense, TraceHeadersAreChecked) {
  const std::string trace = temporary_folder() + "/t.jsonl";
  ASSERT_EQ(orrery_command(
                "trace make --model gpt2 --layers 1 --input 4 --output 1 --arch asic/tpu-v5e --out " + trace)
                .exit_code,
            0);
  const std::string text = read_file(trace);
  for (const auto& [key, value] :
       std::vector<std::pair<std::string, std::string>>{{"batch", "0"},
                                                        {"output", "0"},
                                                        {"input", "0"},
                                                        {"batch", "1099511627776"},
                                                        {"devices", "4294967296"}}) {
    std::string bad = text;
    const std::size_t at = bad.find("\"" + key + "\":") + key.size() + 3;
    bad.replace(at, bad.find(',', at) - at, value);
    const std::string file = temporary_file("header.jsonl", bad);
    expect_nonsense_refused("run --arch asic/tpu-v5e --trace " + file,
                            {file + ":1", "key '" + key + "' is " + value});
  }
}

TEST(Nonsense, ACapBelowWhatIsDrawnAtRestIsRefused) {
  expect_nonsense_refused(
      "compare --arch gpu/h100-sxm --power-cap 1 --model gpt2 --layers 1 --batch 4 --input 8 --output 1",
      {"gpu/h100-sxm at 1 W cannot keep a power cap of 1 W", "at rest"});
}

}  // namespace
}  // namespace orrery::test
