#include "sim/validate/reference_kind.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdlib>

#include "sim/util/errors.h"
#include "sim/util/nearest_name.h"

namespace orrery {
namespace {

std::vector<const ReferenceKind*> kinds() {
  return {&dram_rows(), &noc_rows(), &collective_rows(), &systolic_rows(), &inference_rows(), &kernel_rows()};
}

}  // namespace

Posed posed_row(const BaseNames& names, const RowSettings& settings) {
  const nlohmann::json scenario = nlohmann::json::object();
  return posed(configurations_of({{names, scenario}}, settings.patches).front());
}

Session session_of(const RowSettings& settings) {
  RunnerOptions how;
  how.fidelity = settings.fidelity;
  return Session(how, settings.use_store);
}

std::string process_a_row(const CsvRow& /*row*/, const RowSettings& /*settings*/) {
  return "";
}

ProbeFidelity probe_fidelity(const RowSettings& settings) {
  if (settings.fidelity == Fidelity::roofline)
    throw ConfigError("", "these rows have no roofline: use tile or cycle");
  return settings.fidelity == Fidelity::cycle ? ProbeFidelity::cycle : ProbeFidelity::tile;
}

const ReferenceKind& kind_of(const CsvTable& table, const std::string& path) {
  std::string known;
  for (const ReferenceKind* kind : kinds()) {
    if (std::all_of(kind->columns.begin(), kind->columns.end(), [&](const auto& c) { return table.has(c); }))
      return *kind;
    known += std::string(known.empty() ? "" : "; ") + kind->name + " (";
    for (std::size_t i = 0; i < kind->columns.size(); ++i) known += (i > 0 ? ", " : "") + kind->columns[i];
    known += ")";
  }
  throw ConfigError(path, "these columns fit no kind of rows that can be simulated: " + known);
}

constexpr double kMostCounted = 1099511627776.0;  // 2^40

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

}  // namespace orrery
