#pragma once
// What the cells of a measured row say. All throw ConfigError, naming the column.

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "sim/util/dtype.h"
#include "sim/validate/csv_table.h"

namespace orrery {

// A cell as a number; `fallback` when it is empty or missing.
double number_in(const CsvRow& row, const std::string& column, double fallback = 0);
// The same, but the cell must be there and hold a number above 0.
double needed_in(const CsvRow& row, const std::string& column);
// A whole number of 1 to 2^40; without the column, or in an empty cell, the fallback.
std::uint64_t whole_in(const CsvRow& row, const std::string& column,
                       std::optional<std::uint64_t> fallback = std::nullopt);
std::string text_in(const CsvRow& row, const std::string& column, const std::string& fallback = "");
// A number format by its word.
DType dtype_in(const CsvRow& row, const std::string& column, DType fallback);
// "yes", "true", "1" or their opposites.
bool truth_in(const CsvRow& row, const std::string& column, bool fallback);
// What stands between commas.
std::vector<std::string> list_in(const CsvRow& row, const std::string& column);
// One of `words`, or the first of them where the cell is empty.
std::string word_in(const CsvRow& row, const std::string& column, const std::vector<std::string>& words);

}  // namespace orrery
