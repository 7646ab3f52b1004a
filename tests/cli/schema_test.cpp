// What the program writes is what its schemas say.

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <sstream>

#include "sim/config/schema_validation.h"
#include "tests/support/command.h"

namespace orrery::test {
namespace {

void expect_valid(const std::string& json, const std::string& schema) {
  try {
    validate_against(ConfigDocument::parse(json, "output"), schema);
  } catch (const ConfigError& error) {
    FAIL() << error.what() << "\n" << json;
  }
}

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
        "probe sram --arch asic/tpu-v4i", "probe collective --node a100_mesh4"}) {
    const CommandResult r = orrery_command(std::string(arguments) + " --format json");
    ASSERT_EQ(r.exit_code, 0) << r.err;
    expect_valid(r.out, "orrery/result/1");
  }
}

TEST(Schema, TracesMatchTheirs) {
  std::istringstream lines(
      read_file(std::string(ORRERY_SOURCE_DIR) + "/traces/samples/gpt2-2-layers-8-in-3-out.jsonl"));
  for (std::string line; std::getline(lines, line);) expect_valid(line, "orrery/trace/1");
}

TEST(Schema, AResultOfAnotherShapeDoesNot) {
  EXPECT_THROW(validate_against(ConfigDocument::parse("{\"kind\": \"run\"}", "x"), "orrery/result/1"),
               ConfigError);
}

TEST(Schema, EverySchemaIsPrintedByItsName) {
  for (const std::string& name : schema_names()) {
    auto printed = nlohmann::json::parse(orrery_command("schema " + name).out);
    if (name == "orrery/result/1") {  // with what each counter is, from the code that counts
      for (const char* kind : {"run", "kernel"})
        printed["definitions"][kind]["properties"]["counts"].erase("properties");
    }
    EXPECT_TRUE(printed == load_schema(name)) << name;
  }
  EXPECT_EQ(schema_names().size(), 16U);
  EXPECT_NE(orrery_command("schema arhc").err.find("orrery/arch/1"), std::string::npos);
}

}  // namespace
}  // namespace orrery::test
