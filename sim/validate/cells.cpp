#include "sim/validate/cells.h"

#include <algorithm>
#include <cmath>
#include <cstdlib>

#include "sim/util/errors.h"
#include "sim/util/nearest_name.h"

namespace orrery {
namespace {

constexpr double kMostCounted = 1099511627776.0;  // 2^40

}  // namespace

double number_in(const CsvRow& row, const std::string& column, double fallback) {
  const auto it = row.find(column);
  if (it == row.end() || it->second.empty()) return fallback;
  char* end = nullptr;
  const double value = std::strtod(it->second.c_str(), &end);
  if (*end != '\0') throw ConfigError("", "column " + column + ": '" + it->second + "' is not a number");
  return value;
}

double needed_in(const CsvRow& row, const std::string& column) {
  const double value = number_in(row, column);
  if (!(value > 0))
    throw ConfigError("", "column " + column + ": '" + text_in(row, column) + "', expected a number above 0");
  return value;
}

std::uint64_t whole_in(const CsvRow& row, const std::string& column, std::optional<std::uint64_t> fallback) {
  if (fallback && text_in(row, column).empty()) return *fallback;
  const double value = needed_in(row, column);
  if (value != std::floor(value) || value > kMostCounted)
    throw ConfigError(
        "", "column " + column + ": '" + text_in(row, column) + "', expected a whole number of at most 2^40");
  return static_cast<std::uint64_t>(value);
}

std::string text_in(const CsvRow& row, const std::string& column, const std::string& fallback) {
  const auto it = row.find(column);
  return it == row.end() || it->second.empty() ? fallback : it->second;
}

DType dtype_in(const CsvRow& row, const std::string& column, DType fallback) {
  const std::string name = text_in(row, column, to_string(fallback));
  const auto dtype = from_word<DType>(name);
  if (!dtype)
    throw ConfigError(
        "", "column " + column + ": unknown format '" + name + "'" + did_you_mean(name, words_of<DType>()));
  return *dtype;
}

bool truth_in(const CsvRow& row, const std::string& column, bool fallback) {
  const std::string word = text_in(row, column);
  if (word.empty()) return fallback;
  for (const char* yes : {"yes", "true", "1"}) {
    if (word == yes) return true;
  }
  for (const char* no : {"no", "false", "0"}) {
    if (word == no) return false;
  }
  throw ConfigError("", "column " + column + ": '" + word + "', expected yes or no");
}

std::vector<std::string> list_in(const CsvRow& row, const std::string& column) {
  std::vector<std::string> words;
  const std::string text = text_in(row, column);
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t begin = text.find_first_not_of(" ,", at);
    if (begin == std::string::npos) break;
    const std::size_t end = std::min(text.find(',', begin), text.size());
    words.push_back(text.substr(begin, text.find_last_not_of(' ', end - 1) + 1 - begin));
    at = end;
  }
  return words;
}

std::string word_in(const CsvRow& row, const std::string& column, const std::vector<std::string>& words) {
  const std::string word = text_in(row, column, words.front());
  if (std::find(words.begin(), words.end(), word) == words.end())
    throw ConfigError("", "column " + column + ": '" + word + "'" + did_you_mean(word, words));
  return word;
}

}  // namespace orrery
