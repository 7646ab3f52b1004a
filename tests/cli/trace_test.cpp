// Traces of other tools at the command line: shown, run, converted.

#include <gtest/gtest.h>
#include <sys/resource.h>

#include <nlohmann/json.hpp>

#include "tests/support/chakra_file.h"
#include "tests/support/command.h"

namespace orrery::test {
namespace {

nlohmann::json answer_of(const std::string& arguments) {
  const CommandResult r = orrery_command(arguments + " --format json");
  EXPECT_EQ(r.exit_code, 0) << arguments << "\n" << r.err;
  return r.exit_code == 0 ? nlohmann::json::parse(r.out) : nlohmann::json();
}

// The four collectives among 4, 8 and 16 ranks, a file a rank: each takes its own time.
TEST(ChakraTrace, ACollectiveTakesItsOwnTime) {
  const std::string machine = " --arch gpu/a100-sxm-80gb --node a100_selene --no-store ";
  struct Case {
    chakra::CollectiveCommType type;
    const char* op;
  };
  for (const Case& c :
       {Case{chakra::ALL_REDUCE, "all_reduce"}, Case{chakra::ALL_GATHER, "all_gather"},
        Case{chakra::REDUCE_SCATTER, "reduce_scatter"}, Case{chakra::ALL_TO_ALL, "all_to_all"}}) {
    for (const int ranks : {4, 8, 16}) {
      const std::int64_t bytes = 1 << 20;
      const std::int64_t whole = c.type == chakra::ALL_GATHER ? bytes * ranks : bytes;
      const std::string name = std::string(c.op) + std::to_string(ranks);
      for (int r = 0; r < ranks; ++r) {
        ChakraFile file;
        file.collective(c.type, bytes);
        file.write(name + "." + std::to_string(r) + ".et");
      }
      const auto run = answer_of("run --trace " + temporary_folder() + "/" + name + ".0.et" + machine);
      const auto kernel = answer_of("kernel --op " + std::string(c.op) + " --bytes " + std::to_string(whole) +
                                    " --devices " + std::to_string(ranks) + machine);
      EXPECT_EQ(run["devices"], ranks);
      EXPECT_NEAR(run["latency_s"].get<double>() * 1e6 / kernel["latency_us"].get<double>(), 1, 1e-9) << name;
    }
  }
}

TEST(ChakraTrace, ALoneRankNeedsToKnowHowManyThereAre) {
  ChakraFile file;
  file.collective(chakra::ALL_REDUCE, 1 << 20);
  const std::string path = file.write("alone.0.et");
  const CommandResult refused = orrery_command("run --arch gpu/h100-sxm --trace " + path);
  EXPECT_EQ(refused.exit_code, 2);
  EXPECT_NE(refused.err.find("say --devices N"), std::string::npos) << refused.err;
  EXPECT_EQ(answer_of("run --arch gpu/h100-sxm --devices 8 --trace " + path)["devices"], 8);
  const auto shown = answer_of("trace show --devices 4 " + path);
  EXPECT_EQ(shown["coverage"]["format"], "a Chakra execution trace");
  EXPECT_EQ(shown["coverage"]["understood"][0]["name"], "ALL_REDUCE as all_reduce");
}

// Two ranks one after the other: what one sends, the other waits for.
TEST(ChakraTrace, RanksWaitForEachOther) {
  const auto latency = [](std::uint64_t first_flops, std::uint64_t second_flops) {
    ChakraFile first;
    attribute_u64(first.node(chakra::COMP_NODE, "work"), "num_ops", first_flops);
    first.transfer(true, 1, 1 << 20, {1});
    ChakraFile second;
    second.transfer(false, 0, 1 << 20);
    attribute_u64(second.node(chakra::COMP_NODE, "work", {1}), "num_ops", second_flops);
    const std::string path = first.write("two.0.et");
    second.write("two.1.et");
    return answer_of("run --arch gpu/h100-sxm --no-store --trace " + path)["latency_s"].get<double>();
  };
  const double big = latency(std::uint64_t{1} << 38, 1 << 20);
  const double both = latency(std::uint64_t{1} << 38, std::uint64_t{1} << 38);
  const double small = latency(1 << 20, 1 << 20);
  EXPECT_NEAR(both - big, big - small, 0.01 * both);  // the second's work begins after the first's
  EXPECT_GT(big, 2 * small);
}

TEST(ChakraTrace, WhatIsRefusedIsNotRun) {
  ChakraFile file;
  file.collective(chakra::ALL_REDUCE, 1 << 20);
  file.node(chakra::MEM_LOAD_NODE, "load");
  const CommandResult r =
      orrery_command("run --devices 8 --arch gpu/h100-sxm --trace " + file.write("refused.et"));
  EXPECT_EQ(r.exit_code, 2);
  EXPECT_NE(r.err.find("1 refused\n  1 x memory node: loads and stores"), std::string::npos) << r.err;
}

// A hundred thousand nodes, one after the other: in less than 5 s of one core and 500 MB.
TEST(ChakraTrace, AHundredThousandOperatorsAreReadInSeconds) {
  constexpr int kNodes = 100'000;
  ChakraFile file(kNodes);
  for (std::uint64_t i = 0; i < kNodes; ++i) {
    const std::vector<std::uint64_t> needs =
        i == 0 ? std::vector<std::uint64_t>{} : std::vector<std::uint64_t>{i};
    if (i % 10 == 9) {
      file.collective(chakra::ALL_REDUCE, 1 << 20, needs);
    } else {
      attribute_u64(file.node(chakra::COMP_NODE, "work", needs), "num_ops", (i % 7 + 1) << 30);
    }
  }
  const std::string path = file.write("long.et");
  const auto children = [] {
    rusage used{};
    getrusage(RUSAGE_CHILDREN, &used);
    return used;
  };
  [[maybe_unused]] const rusage before = children();
  const auto shown = answer_of("trace show --devices 8 " + path);
  [[maybe_unused]] const rusage after = children();
  EXPECT_EQ(shown["operators"].back()["operators"], kNodes);
#ifndef __SANITIZE_ADDRESS__
  const auto seconds = [](const rusage& r) {
    return static_cast<double>(r.ru_utime.tv_sec + r.ru_stime.tv_sec) +
           1e-6 * static_cast<double>(r.ru_utime.tv_usec + r.ru_stime.tv_usec);
  };
  EXPECT_LT(seconds(after) - seconds(before), 5.0);
  EXPECT_LT(after.ru_maxrss, 500'000);  // kB
#endif
}

TEST(ForeignFiles, AreWhatTheyAre) {
  const std::string gemms = temporary_file("gemms.csv", "Layer,M,N,K,\nproj,1024,4800,1600,\n");
  const auto shown = answer_of("trace show " + gemms);
  EXPECT_EQ(shown["coverage"]["format"], "a SCALE-Sim topology");
  EXPECT_EQ(shown["operators"][0]["flops"], 2ULL * 1024 * 4800 * 1600);
  // In the machine's own format, where none is said.
  EXPECT_EQ(answer_of("run --arch asic/tpu-v4i --fidelity roofline --trace " + gemms)["dtype"], "bf16");
  EXPECT_EQ(answer_of("check " + gemms)["operators"], 1);
  const std::string weights =
      temporary_file("w.gguf", std::string("GGUF\3\0\0\0", 8) + std::string(16, '\0'));
  EXPECT_EQ(answer_of("trace show " + weights)["format"], "a GGUF model");
  EXPECT_EQ(answer_of("check " + weights)["tensors"], 0);
  const CommandResult r = orrery_command("run --arch gpu/h100-sxm --trace " + weights);
  EXPECT_EQ(r.exit_code, 2);
  EXPECT_NE(r.err.find("holds weights and no operators"), std::string::npos) << r.err;
  const CommandResult archive = orrery_command("trace show " + temporary_file("a.zip", "PK\3\4...."));
  EXPECT_NE(archive.err.find("is a zip archive, which is no trace; those are read: orrery, chakra"),
            std::string::npos)
      << archive.err;
}

TEST(TraceConvert, ThereAndBackIsTheSameRun) {
  const std::string folder = temporary_folder();
  const std::string made = folder + "/made.jsonl";
  ASSERT_EQ(
      orrery_command("trace make --model gpt2 --layers 2 --arch gpu/a100-sxm-80gb --devices 2 --input 16 "
                     "--output 3 --out " +
                     made)
          .exit_code,
      0);
  ASSERT_EQ(orrery_command("trace convert " + made + " --out " + folder + "/made.et").exit_code, 0);
  ASSERT_EQ(
      orrery_command("trace convert " + folder + "/made.0.et --out " + folder + "/again.jsonl").exit_code, 0);
  EXPECT_EQ(read_file(made), read_file(folder + "/again.jsonl"));
  const CommandResult r = orrery_command("trace convert " + made + " --out " + folder + "/made.onnx");
  EXPECT_EQ(r.exit_code, 2);
  EXPECT_NE(r.err.find("orrery (.jsonl), chakra (.et)"), std::string::npos) << r.err;
}

}  // namespace
}  // namespace orrery::test
