// What the program writes is what its schemas say, and so are the files that it is shipped with.

#include <gtest/gtest.h>

#include <filesystem>
#include <nlohmann/json.hpp>
#include <sstream>

#include "sim/config/config_document.h"
#include "sim/describe/check.h"
#include "sim/study/catalogue.h"
#include "tests/support/command.h"
#include "tests/support/json_schema_judge.h"

namespace orrery::test {
namespace {

using nlohmann::json;

TEST(Schema, ResultsMatchTheirs) {
  for (const char* arguments :
       {"run --arch gpu/a100-sxm-40gb --model gpt2 --input 16 --output 2",
        "run --arch asic/tpu-v5e --model bert-base --input 64",
        "run --arch fpga/u280-x4-dfx --model gpt2 --input 4 --output 1 --fidelity roofline",
        "kernel --arch gpu/h100-sxm --op softmax --m 64 --n 1000",
        "kernel --arch gpu/h100-sxm --op all_gather --bytes 1000000 --devices 4",
        "kernel --arch gpu/h100-sxm --node h100_dgx --op all_to_all --bytes 1000000 --devices 8",
        "kernel --arch asic/edge-npu --op matmul --m 1 --n 1 --k 1 --fidelity roofline",
        "probe dram --preset ddr4-3200 --fidelity tile", "probe noc --topology mesh --k 4",
        "probe sram --arch asic/tpu-v4i", "probe collective --node a100_mesh4",
        "cost gpu-now-fpga-or-asic-at-volume --fidelity roofline --draws 10"}) {
    const CommandResult r = orrery_command(std::string(arguments) + " --format json");
    ASSERT_EQ(r.exit_code, 0) << r.err;
    const json result = json::parse(r.out);
    EXPECT_EQ(judged_by("result", result), "") << arguments;
    for (const Finding& f : check(schema_named("result").shape, result))
      ADD_FAILURE() << arguments << ": " << f.pointer << " " << f.message;
  }
}

TEST(Schema, TracesMatchTheirs) {
  std::istringstream lines(
      read_file(std::string(ORRERY_SOURCE_DIR) + "/traces/samples/gpt2-2-layers-8-in-3-out.jsonl"));
  for (std::string line; std::getline(lines, line);)
    EXPECT_EQ(judged_by("trace", json::parse(line)), "") << line;
}

TEST(Schema, AResultOfAnotherShapeDoesNot) {
  EXPECT_NE(judged_by("result", json::parse("{\"kind\": \"run\"}")), "");
  EXPECT_FALSE(check(schema_named("result").shape, json::parse("{\"kind\": \"run\"}")).empty());
}

// Every shipped file passes the schema that is printed for it, numbers in long form and all.
TEST(Schema, ShippedFilesMatchTheirs) {
  std::size_t files = 0;
  const std::filesystem::path root = std::string(ORRERY_SOURCE_DIR) + "/arch_configs";
  for (const auto& entry : std::filesystem::recursive_directory_iterator(root)) {
    if (entry.path().extension() != ".yaml" || entry.path().stem() == "defaults") continue;
    const ConfigDocument document = ConfigDocument::load(entry.path());  // with its base, if it has one
    const auto schema = document.root().at("schema").get<std::string>();
    EXPECT_EQ(judged_by(schema, document.root()), "") << entry.path();
    ++files;
  }
  EXPECT_GT(files, 80U);
}

// A number out of its range, a word that is none and a key too many are refused by both.
TEST(Schema, SchemaAndReaderRefuseTheSame) {
  const std::string root = std::string(ORRERY_SOURCE_DIR) + "/arch_configs/";
  for (const char* name : {"gpu/h100-sxm", "asic/mesh-npu", "dram/hbm3-5200", "nodes/h100_dgx", "energy/n7",
                           "libraries/cuda-hopper", "technology/silicon", "runtimes/vllm"}) {
    const json whole = ConfigDocument::load(root + name + ".yaml").root();
    const auto schema = whole.at("schema").get<std::string>();
    const Shape shape = schema_named(schema).shape;
    ASSERT_TRUE(check(shape, whole).empty()) << name << ": " << check(shape, whole).front().message;
    std::size_t tried = 0;
    const auto both = [&](const json& changed, const std::string& what) {
      EXPECT_EQ(judged_by(schema, changed).empty(), check(shape, changed).empty()) << name << ": " << what;
      ++tried;
    };
    const json flat = whole.flatten();
    for (const auto& [pointer, value] : flat.items()) {
      if (pointer.rfind("/sources/", 0) == 0) continue;
      for (const json& other : {json(-1), json("word"), json(1e300), json(true), json(nullptr), json(0.5)}) {
        json changed = whole;
        changed[json::json_pointer(pointer)] = other;
        both(changed, pointer + " = " + other.dump());
      }
      if (++tried > 600) break;
    }
    json more = whole;
    more["no_such_key"] = 1;
    both(more, "a key too many");
    EXPECT_FALSE(check(shape, more).empty());
  }
}

TEST(Schema, EverySchemaIsPrintedByItsName) {
  for (const std::string& name : schema_names()) {
    const json printed = json::parse(orrery_command("schema " + name).out);
    EXPECT_TRUE(printed.contains("title")) << name;
    const CommandResult keys = orrery_command("schema " + name + " --format csv");
    EXPECT_EQ(keys.exit_code, 0) << keys.err;
    EXPECT_GT(keys.out.size(), 200U) << name;
  }
  EXPECT_EQ(schema_names().size(), 18U);
  EXPECT_NE(orrery_command("schema arhc").err.find("orrery/arch/1"), std::string::npos);
}

// All that a key can say for itself is said: a sentence of each, and what it has a bearing on.
TEST(Schema, EveryKeyHasASentence) {
  for (const std::string& name : schema_names()) {
    const CommandResult keys = orrery_command("schema " + name + " --format json");
    std::vector<std::string> without;
    const auto walk = [&](const auto& self, const json& schema, const std::string& at) -> void {
      if (schema.is_object() && schema.contains("properties") && schema["properties"].is_object()) {
        for (const auto& [key, property] : schema["properties"].items()) {
          const bool is_kind_of_choice = schema.contains("allOf") || at.find("/if") != std::string::npos ||
                                         at.find("sourced") != std::string::npos;
          if (!property.contains("description") && !is_kind_of_choice) without.push_back(at + "/" + key);
        }
      }
      if (!schema.is_structured()) return;
      for (const auto& [key, part] : schema.items()) self(self, part, at + "/" + key);
    };
    walk(walk, json::parse(keys.out), name);
    EXPECT_TRUE(without.empty()) << without.size() << " of " << name << ", " << without.front();
  }
}

}  // namespace
}  // namespace orrery::test
