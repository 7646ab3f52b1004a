// Did a small end-to-end result move, and why? tools/update-golden rewrites the expectations.

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>

#include "sim/study/configuration.h"
#include "sim/study/model_version.h"
#include "sim/workload/formats/trace_reader.h"
#include "tests/support/command.h"

namespace orrery::test {
namespace {

using nlohmann::json;

// Numbers agree to 1e-12 (they are printed with all digits; the comparison forgives only the last).
void expect_same(const json& expected, const json& found, const std::string& path) {
  ASSERT_EQ(expected.type_name(), std::string(found.type_name())) << path;
  if (expected.is_object()) {
    EXPECT_EQ(expected.size(), found.size()) << path;
    for (const auto& [key, value] : expected.items()) {
      ASSERT_TRUE(found.contains(key)) << path << "." << key;
      expect_same(value, found[key], path + "." + key);
    }
  } else if (expected.is_number_float()) {
    EXPECT_NEAR(expected.get<double>(), found.get<double>(), 1e-12 * std::abs(expected.get<double>()))
        << path;
  } else {
    EXPECT_EQ(expected, found) << path;
  }
}

TEST(Golden, SmallResultsStayWhatTheyWere) {
  const std::string root = ORRERY_SOURCE_DIR;
  std::ifstream cases(root + "/tests/golden/cases.txt");
  int count = 0;
  for (std::string line; std::getline(cases, line);) {
    const std::size_t bar = line.find('|');
    if (bar == std::string::npos) continue;
    std::string arguments = line.substr(bar + 1);
    const std::size_t trace = arguments.find("traces/");
    if (trace != std::string::npos) arguments.insert(trace, root + "/");
    const CommandResult r = orrery_command(arguments + " --format json");
    ASSERT_EQ(r.exit_code, 0) << r.err;
    json found = json::parse(r.out);
    found.erase("run_info");
    const json expected =
        json::parse(read_file(root + "/tests/golden/expected/" + line.substr(0, bar) + ".json"));
    expect_same(expected, found, line.substr(0, bar));
    ++count;
  }
  EXPECT_GE(count, 7);
}

// Results of sweeps are kept under the model's version: it is raised with every result that moves.
TEST(Golden, TheModelVersionIsRaisedWhenAResultMoves) {
  const std::string root = std::string(ORRERY_SOURCE_DIR) + "/tests/golden/";
  std::vector<std::string> files;
  for (const auto& entry : std::filesystem::directory_iterator(root + "expected"))
    files.push_back(entry.path());
  std::sort(files.begin(), files.end());
  std::string all;
  for (const std::string& file : files) all += read_file(file);
  std::istringstream record(read_file(root + "model_version.txt"));
  int version = 0;
  std::string digest_then;
  record >> version >> digest_then;
  EXPECT_EQ(digest(all), digest_then) << "tools/update-golden raises the version";
  EXPECT_EQ(version, kModelVersion);
}

// Version 1 of the trace format loads for ever: this file is never rewritten.
TEST(Golden, TheFirstTraceStillLoads) {
  const RecordedStream stream =
      read_trace_file(std::string(ORRERY_SOURCE_DIR) + "/traces/samples/gpt2-2-layers-8-in-3-out.jsonl");
  EXPECT_EQ(stream.info().prefill.size(), 1U);
  EXPECT_EQ(stream.info().decode_graphs, 2U);
  EXPECT_EQ(stream.prefill(0).operators.size(), 23U);
  EXPECT_EQ(stream.decode(1).operators.back().kind, OperatorKind::matmul);
  EXPECT_EQ(stream.info().memory.weights, 2 * (124439808U - 10 * 7087872U));
}

}  // namespace
}  // namespace orrery::test
