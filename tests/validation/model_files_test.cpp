// Model files as people hold them, against counts of their parameters that others derived.

#include <gtest/gtest.h>

#include <iostream>

#include "sim/util/errors.h"
#include "sim/validate/csv_table.h"
#include "sim/workload/memory_need.h"
#include "tests/validation/reference_data.h"

namespace orrery::test {
namespace {

std::uint64_t whole(const CsvRow& row, const char* column) {
  const std::string& text = row.at(column);
  return text.empty() ? 0 : std::stoull(text);
}

// What is wrong with a file's model; "" when nothing is.
std::string difference(const LlmSpec& llm, const CsvRow& row) {
  if (row.at("params_total").empty()) return "accepted, and nobody knows what it holds";
  Scenario bf16;
  bf16.formats = formats_of(DType::bf16);
  const ParameterCount count = count_parameters(llm);
  const std::pair<const char*, std::uint64_t> figures[] = {
      {"params_total", count.total},
      {"params_active", count.active},
      {"kv_bytes_per_token_bf16", kv_bytes_per_token(llm, bf16)},
      {"kv_bytes_at_32768", kv_bytes(llm, bf16, 32768)},
      {"state_elements", kept_state(llm, bf16).elements},
  };
  std::string wrong;
  for (const auto& [column, figure] : figures) {
    if (row.at(column).empty() || figure == whole(row, column)) continue;
    wrong += std::string(" ") + column + " " + std::to_string(figure) + " for " + row.at(column);
  }
  if (const std::uint64_t stored = whole(row, "weight_bytes_stored"); stored > 0) {
    const std::uint64_t bytes = count_parameters(llm, as_filed(llm.quantization)).bytes;
    // Scales of 8-bit formats are not among what is expected (32 bits for 128 x 128), and biases of experts
    // are taken for as narrow as the experts.
    const double beyond = static_cast<double>(bytes) / static_cast<double>(stored) - 1;
    if (beyond < -1e-6 || beyond > 1e-3)
      wrong += " weight_bytes_stored " + std::to_string(bytes) + " for " + std::to_string(stored);
  }
  return wrong;
}

TEST(ModelFiles, AreModelledRightOrRefusedByTheNameOfAKey) {
  const std::string folder = kData + "/configs/";
  std::size_t right = 0;
  std::size_t refused = 0;
  for (const CsvRow& row : read_csv(folder + "expected.csv").rows) {
    const std::string file = row.at("file");
    try {
      const std::string wrong = difference(load_llm(folder + file), row);
      EXPECT_EQ(wrong, "") << file;
      right += wrong.empty() ? 1 : 0;
    } catch (const ConfigError& error) {
      ++refused;
      const std::string message = error.what();
      EXPECT_NE(message.find(".json:"), std::string::npos) << message;
      EXPECT_NE(message.find('\''), std::string::npos) << message;
    }
  }
  std::cout << right << " right, " << refused << " refused\n";
  EXPECT_GE(right, 127U);
}

}  // namespace
}  // namespace orrery::test
