// Each bad input gets one clear message that names file, line, key and what would be right; exit code 2 (1
// when it arises in simulation); and no half-written output file.

#include <gtest/gtest.h>

#include <array>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>

#include "tests/support/command.h"

namespace orrery::test {
namespace {

void expect_refused(const std::string& arguments, int exit_code, const std::vector<std::string>& words) {
  const CommandResult r = orrery_command(arguments);
  EXPECT_EQ(r.exit_code, exit_code) << arguments << "\n" << r.err;
  EXPECT_EQ(r.out, "") << arguments;
  for (const std::string& word : words)
    EXPECT_NE(r.err.find(word), std::string::npos) << word << " in: " << r.err;
}

// The example machine with one text replaced, as a file.
std::string machine_with(const std::string& from, const std::string& to) {
  std::string text = read_file(std::string(ORRERY_SOURCE_DIR) + "/arch_configs/asic/edge-npu.yaml");
  const std::size_t at = text.find(from);
  EXPECT_NE(at, std::string::npos) << from;
  return temporary_file("machine.yaml", text.replace(at, from.size(), to));
}

TEST(BadInput, MisspeltKey) {
  const std::string file = machine_with("clock_ghz: 1.0", "clok_ghz: 1.0");
  expect_refused("check " + file, 2, {file + ":8:3", "'chip.clok_ghz'", "did you mean 'clock_ghz'"});
  expect_refused("kernel --op matmul --m 1 --n 1 --k 1 --arch " + file, 2, {file + ":8:3"});
}

TEST(BadInput, DuplicateKey) {
  const std::string file = machine_with("  tdp_w: 5\n", "  tdp_w: 5\n  tdp_w: 6\n");
  expect_refused("check " + file, 2, {file + ":10:3", "'chip.tdp_w' is given twice", "line 9"});
}

TEST(BadInput, NegativeSize) {
  const std::string file = machine_with("size_kib: 512", "size_kib: -512");
  expect_refused("check " + file, 2,
                 {file + ":", "'chip.cores.scratchpad.size_kib' is -512", "greater than 0"});
}

TEST(BadInput, NameWithoutItsFolder) {
  expect_refused("check mesh-npu", 2, {"did you mean 'asic/mesh-npu'"});
  expect_refused("run --arch h100-sxm --model gpt2", 2, {"did you mean 'gpu/h100-sxm'"});
  expect_refused("check vlm", 2, {"did you mean 'vllm'"});
}

// A file may hold nothing, itself, too much, or what is no text.
TEST(BadInput, FilesThatAreNone) {
  const auto refused = [](const std::string& text, const std::string& words) {
    const std::string file = temporary_file("file.yaml", text);
    expect_refused("check " + file, 2, {"file.yaml", words});
    expect_refused("kernel --op add --m 1 --n 1 --arch " + file, 2, {"file.yaml", words});
  };
  refused("a: &a [*a]\n", "file.yaml:1:4: nested more than 64 deep");
  std::string bomb = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n";
  for (int i = 1; i < 10; ++i) {
    const std::string below = "*a" + std::to_string(i - 1);
    bomb += "a" + std::to_string(i) + ": &a" + std::to_string(i) + " [" + below;
    for (int k = 1; k < 10; ++k) bomb += ", " + below;
    bomb += "]\n";
  }
  refused(bomb, "more than 200000 values");
  refused("", "the file is empty");
  refused("a: 1\n---\nb: 2\n", "a second document");
  refused("name: \xff\n", "file.yaml:1:7: a byte that is no UTF-8 text");
  refused("name: \x1b[2J\n", "a control character");
  refused("GGUF\x03", "is a GGUF model");
  for (const std::string arguments :
       {"check /dev/zero", "validate /dev/zero", "run --arch gpu/h100-sxm --trace /dev/zero",
        "run --arch gpu/h100-sxm --model /dev/zero"})
    expect_refused(arguments, 2, {"/dev/zero"});
  expect_refused("trace show " + temporary_file("gemms.csv", "m,n,k\n1,2,3\n"), 2, {"is a CSV table"});
}

// Stacks are counted in data pins; what a channel is, is said once.
TEST(Input, StacksAreChannelsByTheWidthOfAStack) {
  std::string text = read_file(std::string(ORRERY_SOURCE_DIR) + "/arch_configs/gpu/h100-sxm.yaml");
  const auto replace = [&text](const std::string& from, const std::string& to) {
    ASSERT_NE(text.find(from), std::string::npos) << from;
    text.replace(text.find(from), from.size(), to);
  };
  replace("base: a100-sxm-40gb.yaml", "base: gpu/a100-sxm-40gb");
  replace("channels: 160", "stacks: 5");
  replace("chip.memory.1.channels:", "chip.memory.1.stacks:");
  const CommandResult stacks = orrery_command("check --format json " + temporary_file("stacks.yaml", text));
  ASSERT_EQ(stacks.exit_code, 0) << stacks.err;
  auto told = nlohmann::json::parse(stacks.out);
  auto same = nlohmann::json::parse(orrery_command("check --format json gpu/h100-sxm").out);
  EXPECT_EQ(told["dram_channels"], 160);
  EXPECT_EQ(told["levels"], same["levels"]);
  replace("stacks: 5", "stacks: 5\n      channels: 160");
  expect_refused("check " + temporary_file("both.yaml", text), 2, {"both.yaml:", "once: channels or stacks"});
  expect_refused("check " + machine_with("channels:", "stacks:"), 2, {"stack_width_bits", "say channels"});
}

// A machine whose numbers are not those of the one it is named after is another: no price, no measurement of
// the real one. A copy that says the same is the same.
TEST(Input, AChangedMachineIsNotTheOneItIsNamedAfter) {
  const auto result = [](const std::string& text) {
    const CommandResult r = orrery_command("run --model gpt2 --input 16 --output 2 --format json --arch " +
                                           temporary_file("machine.yaml", text));
    EXPECT_EQ(r.exit_code, 0) << r.err;
    return r.exit_code == 0 ? nlohmann::json::parse(r.out) : nlohmann::json{};
  };
  const std::string base = "schema: orrery/arch/1\nbase: gpu/h100-sxm\n";
  const auto changed = result(base + "chip: {clock_ghz: 9.0}\n");
  EXPECT_EQ(changed["arch"], "gpu/h100-sxm (changed)");
  EXPECT_TRUE(changed["price_usd"]["chip"].is_null()) << changed["price_usd"];
  EXPECT_EQ(changed["expected_error"]["inside"], false);
  const auto copy = result(base + "description: the same in other words\n");
  EXPECT_EQ(copy["arch"], "gpu/h100-sxm");
  EXPECT_FALSE(copy["price_usd"]["chip"].is_null());
}

// KEY=VALUE changes any document of a command, as a sweep would.
TEST(Input, AKeyIsSetOnTheCommandLine) {
  const auto figure = [](const std::string& arguments, const char* pointer) {
    const CommandResult r = orrery_command(arguments + " --format json");
    EXPECT_EQ(r.exit_code, 0) << r.err;
    const nlohmann::json j = nlohmann::json::parse(r.exit_code == 0 ? r.out : "{}");
    const nlohmann::json& one = j.is_array() ? j.back() : j;
    const nlohmann::json::json_pointer at(pointer);
    return one.contains(at) ? one[at] : nlohmann::json();
  };
  const std::string kernel = "kernel --arch gpu/h100-sxm --op add --m 4096 --n 16384 ";
  const double whole = figure(kernel, "/latency_us").get<double>();
  EXPECT_NEAR(figure(kernel + "arch.dram.channels=80", "/latency_us").get<double>() / whole, 2, 0.15);
  EXPECT_EQ(figure(kernel + "arch.dram.channels=160", "/counts"), figure(kernel, "/counts"));  // as it is
  EXPECT_EQ(figure(kernel + "arch.clock_ghz=1GHz", "/arch"), "gpu/h100-sxm (modified)");
  const std::string run = "run --arch gpu/h100-sxm --model gpt2 --fidelity roofline --input 64 --output 4 ";
  EXPECT_EQ(figure(run + "scenario.batch=4", "/batch"), 4);
  EXPECT_EQ(figure(run + "scenario.batch=4", "/latency_s"), figure(run + "--batch 4", "/latency_s"));
  EXPECT_TRUE(figure(run + "arch.clock_ghz=1.0", "/price_usd/chip").is_null());
  EXPECT_FALSE(figure(run + "scenario.batch=4", "/price_usd/chip").is_null());
  EXPECT_EQ(figure(run + "llm.n_layer=6", "/memory/parameters"), 81912576);
  EXPECT_EQ(figure("run --runtime vllm" + run.substr(3) + "runtime.token_budget=512", "/runtime"), "vllm");
  EXPECT_LT(figure(run + "--devices 4 --node h100_dgx node.link.bandwidth_gb_per_s=900", "/latency_s"),
            figure(run + "--devices 4 --node h100_dgx node.link.bandwidth_gb_per_s=1", "/latency_s"));
  EXPECT_EQ(
      figure("compare --model gpt2 --fidelity roofline --input 64 --output 4 --arch gpu/a100-sxm-80gb --arch "
             "gpu/h100-sxm arch.dram.channels=16",
             "/arch"),
      "gpu/h100-sxm (modified)");
  expect_refused(kernel + "arch.clock_gzh=1", 2, {"arch.clock_gzh=1", "did you mean", "clock_ghz"});
  expect_refused(kernel + "arch.clock_ghz=-3", 2, {"arch.clock_ghz=-3", "at least 0.001"});
  expect_refused(kernel + "foo", 2, {"unexpected argument 'foo'"});
  expect_refused(kernel + "llm.n_layer=6", 2, {"'llm.n_layer' names no key"});
}

// What looks like a mistake is said, and what nobody reads any more.
TEST(Input, CheckWarns) {
  const CommandResult narrow =
      orrery_command("check " + machine_with("port_bytes_per_cycle: 64", "port_bytes_per_cycle: 1"));
  EXPECT_EQ(narrow.exit_code, 0) << narrow.err;
  EXPECT_NE(narrow.out.find("warning: network, at the cores"), std::string::npos) << narrow.out;
  const std::string preset = read_file(std::string(ORRERY_SOURCE_DIR) + "/arch_configs/dram/ddr4-3200.yaml");
  const std::string old = temporary_file("old.yaml", preset + "mixed_stream_share: 0.9\n");
  const CommandResult r = orrery_command("check " + old);
  EXPECT_EQ(r.exit_code, 0) << r.err;
  EXPECT_NE(r.out.find("mixed_stream_share is no longer read"), std::string::npos) << r.out;
}

TEST(BadInput, NamesThatOthersUse) {
  expect_refused("kernel --arch gpu/h100-sxm --op gemm --m 1 --n 1 --k 1", 2, {"here it is 'matmul'"});
  expect_refused("run --arch gpu/h100-sxm --node h100 --model gpt2", 2, {"'h100_dgx'"});
  expect_refused("run --arch gpu/h100 --model gpt2", 2, {"'gpu/h100-pcie'", "'gpu/h100-sxm'"});
  EXPECT_EQ(orrery_command("list formats").out, orrery_command("list dtypes").out);
}

// A name is a name: of a file too, where it becomes one.
TEST(BadInput, NamesThatAreNone) {
  const std::string machine = "schema: orrery/arch/1\nbase: asic/edge-npu\nname: ";
  expect_refused("check " + temporary_file("long.yaml", machine + std::string(5000, 'n') + "\n"), 2,
                 {"long.yaml:3", "'name'", "at most 200 characters"});
  std::string sweep =
      read_file(std::string(ORRERY_SOURCE_DIR) + "/arch_configs/sweeps/hbm-against-batch.yaml");
  sweep.insert(sweep.find('\n') + 1, "name: ../escape\n");
  expect_refused("sweep " + temporary_file("sweep.yaml", sweep), 2,
                 {"sweep.yaml:", "'name' is", "no folder"});
}

// What is said of a number is of a kind, too.
TEST(BadInput, SourcesGradesDatesAndBounds) {
  const auto refused = [](const std::string& said, const std::vector<std::string>& words) {
    std::vector<std::string> all = words;
    all.push_back("machine.yaml:8:");
    const std::string file = machine_with("clock_ghz: 1.0", "clock_ghz: {value: 1.0, " + said + "}");
    expect_refused("check " + file, 2, all);
    expect_refused("kernel --op add --m 1 --n 1 --arch " + file, 2, all);
  };
  refused("grade: 5", {"'chip.clock_ghz.grade' is 5", "a text"});
  refused("source: null", {"'chip.clock_ghz.source' is null", "a text"});
  refused("date: [2026]", {"'chip.clock_ghz.date' is [2026]", "a text"});
  refused("low: much", {"'chip.clock_ghz.low' is", "a number"});
}

// What a file names lies beside it, wherever the command is called from.
TEST(Input, FilesAreFoundBesideTheOneThatNamesThem) {
  const std::string configs = std::string(ORRERY_SOURCE_DIR) + "/arch_configs";
  std::string machine = read_file(configs + "/asic/edge-npu.yaml");
  for (const auto& [from, to, beside, shipped] :
       {std::array<const char*, 4>{"energy_table: ", "energy_table: own.yaml  # ", "own.yaml",
                                   "/energy/n16.yaml"},
        std::array<const char*, 4>{"preset: ", "preset: own-dram.yaml  # ", "own-dram.yaml",
                                   "/dram/ddr4-3200.yaml"}}) {
    ASSERT_NE(machine.find(from), std::string::npos) << from;
    machine.replace(machine.find(from), std::string(from).size(), to);
    temporary_file(beside, read_file(configs + shipped));
  }
  const std::string file = temporary_file("beside.yaml", machine);
  const CommandResult r = orrery_command("kernel --op add --m 64 --n 64 --arch " + file);
  EXPECT_EQ(r.exit_code, 0) << r.err;
  const std::string derived = temporary_file("derived.yaml", "schema: orrery/arch/1\nbase: beside.yaml\n");
  EXPECT_EQ(orrery_command("kernel --op add --m 64 --n 64 --arch " + derived).exit_code, 0);
}

// A machine's node may say its ring in short; it is the same node.
TEST(Input, ALinkOfKindRingIsShortForItsProtocol) {
  const auto machine = [](const std::string& node) {
    return temporary_file("ring.yaml",
                          "schema: orrery/arch/1\nbase: asic/tpu-v5e\nname: ring\nnode:\n" + node);
  };
  const auto time = [&](const std::string& node) {
    const CommandResult r = orrery_command(
        "kernel --op all_reduce --bytes 1048576 --devices 4 --format json --arch " + machine(node));
    EXPECT_EQ(r.exit_code, 0) << r.err;
    return r.exit_code == 0 ? nlohmann::json::parse(r.out)["latency_us"].get<double>() : 0;
  };
  // tpu-v5e says it at length; the short form of another step replaces that.
  const double at_length = time(
      "  link: {bandwidth_gb_per_s: 100, latency_ns: 1000}\n"
      "  protocols: [{kind: ring, base_us: 2, step_us: 0.5, share: 1}]\n"
      "  algorithms: [ring]\n");
  std::string text = read_file(std::string(ORRERY_SOURCE_DIR) + "/arch_configs/asic/tpu-v5e.yaml");
  const std::size_t from = text.find("  topology: {kind: switch}");
  const std::size_t to = text.find("  algorithms: [ring]\n") + std::string("  algorithms: [ring]\n").size();
  ASSERT_LT(from, to);
  text.replace(from, to - from,
               "  link: {kind: ring, bandwidth_gb_per_s: 100, latency_ns: 1000, base_ns: 2000, step_ns: 500, "
               "energy_pj_per_bit: 5.5}\n");
  const std::size_t source = text.find("  node.protocols: {grade");
  ASSERT_NE(source, std::string::npos);
  text.erase(source, text.find('\n', source) + 1 - source);
  const CommandResult r =
      orrery_command("kernel --op all_reduce --bytes 1048576 --devices 4 --format json --arch " +
                     temporary_file("short.yaml", text));
  ASSERT_EQ(r.exit_code, 0) << r.err;
  EXPECT_DOUBLE_EQ(nlohmann::json::parse(r.out)["latency_us"].get<double>(), at_length);
  // A derived machine's short form stands for what its base says at length; beside its own it is refused.
  EXPECT_DOUBLE_EQ(time("  link: {kind: ring, bandwidth_gb_per_s: 100, base_ns: 2000, step_ns: 500}\n"),
                   at_length);
  expect_refused("check " + machine("  link: {kind: ring, bandwidth_gb_per_s: 100}\n  algorithms: [ring]\n"),
                 2, {"ring.yaml:5", "says its own algorithms"});
  expect_refused("check " + machine("  link: {bandwidth_gb_per_s: 100, step_ns: 5}\n"), 2,
                 {"link of kind ring"});
}

TEST(BadInput, MissingFile) {
  expect_refused("check /nowhere/machine.yaml", 2, {"/nowhere/machine.yaml"});
  expect_refused("run --arch /nowhere/machine.yaml --model gpt2", 2,
                 {"/nowhere/machine.yaml", "does not exist"});
  expect_refused("run --arch asic/tpu-v5e --model /nowhere/config.json", 2, {"/nowhere/config.json"});
  expect_refused("run --arch asic/tpu-v5e --trace /nowhere/t.jsonl", 2, {"/nowhere/t.jsonl"});
}

TEST(BadInput, ConfigWithoutHiddenSize) {
  const std::string file = temporary_file("config.json",
                                          "{\"model_type\": \"llama\", \"num_hidden_layers\": 2, "
                                          "\"num_attention_heads\": 2, \"intermediate_size\": 8,\n"
                                          " \"vocab_size\": 10}\n");
  expect_refused("run --arch asic/tpu-v5e --model " + file, 2,
                 {file + ":1", "missing key 'hidden_size'", "positive integer"});
}

TEST(BadInput, ModelThatDoesNotFitSaysHowManyBytesAreMissing) {
  // 6738415616 bf16 weights and the cache of 1151 tokens against 8 GiB.
  const std::uint64_t need =
      2 * 6738415616ULL + 2ULL * 32 * 4096 * 2 * 1151 + 2ULL * 1024 * (4096 + 2 * 11008);
  const std::uint64_t missing = need - 8ULL * 1024 * 1024 * 1024;
  expect_refused("run --arch asic/tpu-v4i --model llama-2-7b --dtype bf16", 2,
                 {"does not fit", std::to_string(missing) + " bytes are missing"});
  // In a comparison it keeps its column; when none is left, the comparison is refused.
  const CommandResult some = orrery_command(
      "compare --arch asic/tpu-v4i --arch asic/tpu-v5e --model llama-2-7b --fidelity roofline");
  EXPECT_EQ(some.exit_code, 0) << some.err;
  EXPECT_NE(some.out.find("refused: "), std::string::npos) << some.out;
  EXPECT_NE(some.out.find(std::to_string(missing) + " bytes are missing"), std::string::npos) << some.out;
  const CommandResult as_json = orrery_command(
      "compare --arch asic/tpu-v4i --arch asic/tpu-v5e --model llama-2-7b --fidelity roofline --format json");
  const auto results = nlohmann::json::parse(as_json.out);
  ASSERT_EQ(results.size(), 2U);
  EXPECT_EQ(results[0]["kind"], "refused");
  EXPECT_EQ(results[0]["arch"], "asic/tpu-v4i");
  EXPECT_EQ(results[1]["kind"], "run");
  expect_refused("compare --arch asic/tpu-v4i --arch asic/tpu-v4i --model llama-2-7b --dtype bf16", 2,
                 {"asic/tpu-v4i", "does not fit"});
}

// Joules of machines that count different things are not alike: said, and no 0 J in the table.
TEST(BadInput, AComparisonSaysWhatOneMachineDoesNotCount) {
  const std::string plain =
      temporary_file("plain.yaml",
                     "schema: orrery/arch/1\nbase: asic/edge-npu\nname: plain\n"
                     "chip: {core_energy: {pj_per_mac: 0, pj_per_vector_op: 0, pj_per_moved_bit: 0}}\n");
  const std::string asked = " --model gpt2 --layers 1 --input 4 --output 1 --dtype int8";
  const CommandResult unlike = orrery_command("compare --arch asic/edge-npu --arch " + plain + asked);
  ASSERT_EQ(unlike.exit_code, 0) << unlike.err;
  EXPECT_NE(unlike.err.find("plain has no figures for energy of registers, which asic/edge-npu counts"),
            std::string::npos)
      << unlike.err;
  EXPECT_NE(unlike.out.find("not modelled"), std::string::npos) << unlike.out;
  const CommandResult alike = orrery_command("compare --arch asic/edge-npu --arch asic/mesh-npu" + asked);
  EXPECT_EQ(alike.err.find("no figures"), std::string::npos) << alike.err;
}

// Several devices of a machine that no node of the catalogue is made of: their links are a guess, and said
// so.
TEST(BadInput, AResultSaysWhetherItsNodeIsKnown) {
  const auto node = [](const std::string& arguments) {
    const CommandResult r = orrery_command(arguments + " --format json");
    EXPECT_EQ(r.exit_code, 0) << r.err;
    return nlohmann::json::parse(r.exit_code == 0 ? r.out : "{}").value("node", "");
  };
  const std::string reduce = "kernel --op all_reduce --bytes 1048576 --devices 2 --arch ";
  EXPECT_EQ(node(reduce + "gpu/rtx4090").rfind("none of its own", 0), 0U);
  EXPECT_EQ(node(reduce + "gpu/h200-sxm --node h200_dgx"), "h200_dgx");
  EXPECT_EQ(node("run --arch gpu/h200-sxm --model gpt2 --layers 1 --input 4 --output 1"), "none needed");
}

TEST(BadInput, TraceWithAnUnknownOperatorOrACycle) {
  const std::string trace = temporary_folder() + "/t.jsonl";
  ASSERT_EQ(orrery_command(
                "trace make --model gpt2 --layers 1 --input 4 --output 1 --arch asic/tpu-v5e --out " + trace)
                .exit_code,
            0);
  const std::string text = read_file(trace);
  std::string unknown = text;
  unknown.replace(unknown.find("\"gelu\""), 6, "\"gleu\"");
  const std::string unknown_file = temporary_file("unknown.jsonl", unknown);
  expect_refused("run --arch asic/tpu-v5e --trace " + unknown_file, 2,
                 {unknown_file + ":", "key 'op'", "'gleu'", "'gelu'"});
  std::string cycle = text;
  cycle.replace(cycle.find("\"deps\":[0]"), 10, "\"deps\":[2]");
  const std::string cycle_file = temporary_file("cycle.jsonl", cycle);
  expect_refused("run --arch asic/tpu-v5e --trace " + cycle_file, 2,
                 {cycle_file + ":3", "key 'deps'", "cycle"});
}

TEST(BadInput, TileLargerThanAnyScratchpad) {
  expect_refused(
      "kernel --arch gpu/a100-sxm-80gb --op matmul --m 8192 --n 8192 --k 8192 --tile 8192x8192x8192", 2,
      {"no mapping", "scratchpad of 167936 bytes", "8192x8192x8192"});
  const std::string file = machine_with("size_kib: 512", "size_kib: 0.25");
  expect_refused("kernel --op matmul --m 64 --n 64 --k 64 --arch " + file, 2,
                 {"no mapping", "scratchpad of 256 bytes"});
}

TEST(BadInput, ImpossibleOptions) {
  expect_refused("run --arch asic/tpu-v5e --model gpt2 --batch 0", 2, {"--batch is 0"});
  expect_refused("run --arch asic/tpu-v5e --model gpt2 --batch x", 2, {"batch"});
  expect_refused("run --arch asic/tpu-v5e --model gpt2 --dtype fp17", 2, {"'fp17'", "fp16"});
  expect_refused("run --arch asic/tpu-v5e --model gpt2 --input 64 --devices 12", 2, {"12 devices", "8 chip"});
  expect_refused("run --arch asic/tpu-v3 --model gpt2 --input 64 --dtype int8", 2, {"no rate for int8"});
  expect_refused("kernel --arch asic/tpu-v5e --op matmul --m 4 --n 4", 2, {"needs --k"});
  expect_refused("kernel --arch asic/tpu-v5e --op gelu --m 4 --n 4 --k 4", 2, {"does not take --k"});
  for (const char* more : {"2x1", "2x1x0", "ax1x2", "2x1x-3", "2x1x3x4", "2x1x3,,1x1x2", "2x1x3,"})
    expect_refused("kernel --arch asic/tpu-v5e --op attention --q 1 --kv 4 --heads 2 --head-dim 64 --more " +
                       std::string(more),
                   2, {"--more", "expected BxQxKV"});
  expect_refused("kernel --arch asic/tpu-v5e --op mtmul --m 4", 2, {"'matmul'"});
  expect_refused("kernel --arch asic/tpu-v5e --op expert_sum --m 1 --n 1 --experts-per-token 4294967297", 2,
                 {"--experts-per-token 4294967297", "at most 65536"});
  expect_refused("probe dram --arch gpu/h100-sxm --preset hbm3-5200", 2, {"give --preset or --arch"});
  expect_refused("probe dram --arch gpu/h100-sxm --channels 2", 2, {"--channels", "how many"});
  expect_refused("run --model gpt2", 2, {"arch"});
}

TEST(BadInput, BasesThatLeadInACircle) {
  temporary_file("p1.yaml", "schema: orrery/arch/1\nbase: p2.yaml\n");
  const std::string file = temporary_file("p2.yaml", "schema: orrery/arch/1\nbase: p1.yaml\n");
  expect_refused("check " + file, 2, {"'base' leads back to", "p2.yaml"});
}

// A machine says of its node what a node file says, in the same words.
TEST(BadInput, ANodeOfAMachineIsCheckedAsANodeFileIs) {
  const auto machine = [](const std::string& node) {
    return temporary_file("node.yaml",
                          "schema: orrery/arch/1\nname: x\nbase: asic/tpu-v5e\nnode: " + node + "\n");
  };
  EXPECT_EQ(
      orrery_command("run --model gpt2 --input 64 --output 2 --devices 4 --arch " +
                     machine("{chips: 4, topology: {kind: torus, dimensions: [2, 2]}, algorithms: [ring, "
                             "direct]}"))
          .exit_code,
      0);
  expect_refused("check " + machine("{chips: 8, topology: {kind: torus, dimensions: [2, 3]}}"), 2,
                 {"node.yaml:4", "dimensions hold 6 chips; the node has 8"});
  expect_refused("check " + machine("{chips: 6, topology: {kind: fat_tree, radix: 4}}"), 2,
                 {"node.yaml:4", "a radix that divides the chips"});
  expect_refused("check " + machine("{chips: 4, topology: {kind: pairwise_host}}"), 2,
                 {"node.yaml:4", "a host"});
  expect_refused("check " + machine("{chips: 4, algorithms: [in_switch]}"), 2,
                 {"node.yaml:4", "in_switch needs a switch that reduces"});
  // Of several algorithms those that a collective or its size rules out are not chosen.
  const std::string several = machine("{chips: 8, algorithms: [ring, hierarchical, halving_doubling]}");
  for (const char* op : {"all_reduce", "all_gather", "broadcast"}) {
    for (const char* devices : {"4", "6"})
      EXPECT_EQ(orrery_command("kernel --op " + std::string(op) + " --bytes 4096 --devices " + devices +
                               " --arch " + several)
                    .exit_code,
                0)
          << op << devices;
  }
  expect_refused("check " + machine("{chips: 4, algorithms: [rnig]}"), 2,
                 {"node.yaml:4", "did you mean 'ring'"});
  expect_refused("check " + machine("{chips: 4, link: {kind: star, bandwidth_gb_per_s: 10}}"), 2,
                 {"node.yaml:4", "'node.link.kind' is", "ring"});
}

TEST(BadInput, ABaseThatIsNeitherAFileNorAName) {
  for (const char* base : {"gpu/h100-sxmm", "''", "."})
    expect_refused(
        "check " + temporary_file("b.yaml", "schema: orrery/arch/1\nbase: " + std::string(base) + "\n"), 2,
        {"b.yaml:2", "does not exist, nor is it a name"});
}

TEST(BadInput, NumbersBeyondAnyMachine) {
  expect_refused("check " + machine_with("    count: 1\n    engines", "    count: 1000000\n    engines"), 2,
                 {"'chip.cores.count' is 1000000", "at most 16384"});
  expect_refused("check " + machine_with("kernel_overhead_ns: 200", "kernel_overhead_ns: 1e30"), 2,
                 {"kernel_overhead_ns"});
  expect_refused("check " + machine_with("size_kib: 512", "size_kib: 99999999999999999999"), 2, {"size_kib"});
}

TEST(BadInput, ASourceForWhatIsNotThere) {
  expect_refused("check " + machine_with("  chip: {grade", "  chap: {grade"), 2, {":", "source of 'chap'"});
}

TEST(BadInput, TracesThatAreCutShortOrImpossible) {
  const std::string trace = temporary_folder() + "/whole.jsonl";
  ASSERT_EQ(orrery_command(
                "trace make --model gpt2 --layers 1 --input 4 --output 1 --arch asic/tpu-v5e --out " + trace)
                .exit_code,
            0);
  const std::string text = read_file(trace);
  const std::string cut = text.substr(0, text.rfind('\n', text.size() - 2) + 1);
  expect_refused("check " + temporary_file("cut.jsonl", cut), 2, {"is it cut short?"});
  std::string zero = text;
  const std::size_t at = zero.find("\"m\":4");
  ASSERT_NE(at, std::string::npos);
  expect_refused(
      "run --arch asic/tpu-v5e --trace " + temporary_file("zero.jsonl", zero.replace(at, 5, "\"m\":0")), 2,
      {"zero.jsonl:", "key 'shape.m' is 0"});
  expect_refused("run --arch asic/tpu-v5e --batch 4 --trace " + trace, 2, {"--batch is part of the trace"});
  std::string huge = text;
  const std::size_t m = huge.find("\"m\":4");
  expect_refused("run --arch asic/tpu-v5e --trace " +
                     temporary_file("huge.jsonl", huge.replace(m, 5, "\"m\":1099511627776")),
                 2, {"huge.jsonl:", "elements"});
}

TEST(BadInput, FactsOfAModelOfAnotherType) {
  const std::string llama =
      "\"model_type\": \"llama\", \"hidden_size\": 64, \"num_hidden_layers\": 2, \"num_attention_heads\": 2, "
      "\"intermediate_size\": 128, \"vocab_size\": 100";
  const auto check = [&](const std::string& more) {
    return "check " + temporary_file("facts.json", "{" + llama + ",\n" + more + "}");
  };
  expect_refused(check("\"tie_word_embeddings\": 1"), 2, {"facts.json:2", "'tie_word_embeddings' is 1"});
  expect_refused(check("\"hidden_act\": 7"), 2, {"facts.json:2", "'hidden_act' is 7", "a word"});
  expect_refused(check("\"num_key_value_heads_per_layer\": [1, 2]"), 2,
                 {"facts.json:2", "num_key_value_heads_per_layer", "not modelled"});
  EXPECT_EQ(orrery_command(check("\"tie_word_embeddings\": null, \"hidden_act\": null")).exit_code, 0);
  expect_refused("check " + temporary_file("type.json", "{\"model_type\": 5}"), 2, {"'model_type' is 5"});
}

TEST(BadInput, ModelsWithPartsThatAreNotModelled) {
  const std::string moe =
      temporary_file("moe.json",
                     "{\"model_type\": \"llama\", \"hidden_size\": 64, \"num_hidden_layers\": 2, "
                     "\"num_attention_heads\": 2,\n"
                     "\"intermediate_size\": 8, \"vocab_size\": 10,\n\"num_local_experts\": 8}\n");
  expect_refused("run --arch asic/tpu-v5e --model " + moe, 2, {moe + ":3", "num_local_experts"});
}

TEST(BadInput, AResultThatCannotBeWrittenIsAnError) {
  const CommandResult r = orrery_command("list models --format json >/dev/full");
  EXPECT_EQ(r.exit_code, 1);
  EXPECT_NE(r.err.find("disk full"), std::string::npos);
  expect_refused("trace make --model gpt2 --input 4 --output 1 --arch asic/tpu-v5e --out /dev/full", 2,
                 {"/dev/full"});
}

TEST(BadInput, OperandsThatDoNotFitTheMemory) {
  expect_refused("kernel --arch asic/edge-npu --op matmul --m 100000 --n 100000 --k 64", 2, {"are missing"});
}

TEST(BadInput, LeavesNoHalfWrittenFile) {
  const std::string folder = temporary_folder() + "/out";
  std::filesystem::create_directory(folder);
  expect_refused(
      "trace make --model gpt2-xl --input 1000 --output 100 --arch asic/tpu-v5e --out " + folder + "/a.jsonl",
      2, {"1024 learned positions"});
  expect_refused(
      "trace make --model gpt2 --input 64 --arch asic/tpu-v5e --out " + folder + "/no/such/a.jsonl", 2,
      {"cannot write"});
  EXPECT_TRUE(std::filesystem::is_empty(folder));
}

}  // namespace
}  // namespace orrery::test
