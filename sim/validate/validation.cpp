#include "sim/validate/validation.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdlib>

#include "sim/engine/isolate.h"
#include "sim/util/errors.h"
#include "sim/util/nearest_name.h"

namespace orrery {
namespace {

struct Condition {
  std::string column, op, value;

  bool holds(const CsvRow& row) const {
    const std::string cell = text_in(row, column);
    char* end = nullptr;
    const double wanted = std::strtod(value.c_str(), &end);
    const bool numeric = !value.empty() && *end == '\0';
    if (!numeric) return op == "=" ? cell == value : op == "!=" && cell != value;
    const double here = std::strtod(cell.c_str(), &end);
    if (cell.empty() || *end != '\0') return false;
    if (op == ">=") return here >= wanted;
    if (op == "<=") return here <= wanted;
    if (op == ">") return here > wanted;
    if (op == "<") return here < wanted;
    return op == "=" ? here == wanted : here != wanted;
  }
};

Condition parse_condition(const std::string& text) {
  for (const char* op : {">=", "<=", "!=", "==", "=", ">", "<"}) {
    const std::size_t at = text.find(op);
    if (at == std::string::npos || at == 0) continue;
    const std::string found = op;
    return {text.substr(0, at), found == "==" ? "=" : found, text.substr(at + found.size())};
  }
  throw ConfigError("", "--where '" + text + "'; expected COLUMN OP VALUE with >=, <=, >, <, = or !=");
}

void check_column(const CsvTable& table, const std::string& column, const std::string& path) {
  if (!table.has(column))
    throw ConfigError(path, "no column '" + column + "'" + did_you_mean(column, table.columns));
}

// What a row's process says: the four quantities, or why it failed.
std::string encode(const SimulatedRow& row) {
  return nlohmann::json{row.time, row.throughput, row.latency, row.energy}.dump();
}

SimulatedRow decode(const std::string& text) {
  const auto j = nlohmann::json::parse(text);
  return {j.at(0).get<double>(), j.at(1).get<double>(), j.at(2).get<double>(), j.at(3).get<double>()};
}

constexpr char kFailed = '!';

}  // namespace

std::vector<ValidatedRow> validate_rows(const ValidationRequest& request,
                                        const std::function<void(std::size_t, std::size_t)>& progress) {
  std::vector<Condition> conditions;
  for (const std::string& text : request.where) conditions.push_back(parse_condition(text));
  std::vector<ValidatedRow> rows;
  std::vector<std::function<std::string()>> tasks;
  for (const std::string& path : request.files) {
    const CsvTable table = read_csv(path);
    const ReferenceKind& kind = kind_of(table, path);
    const std::vector<std::string>& by = request.by.empty() ? kind.default_by : request.by;
    for (const std::string& column : by) check_column(table, column, path);
    for (const Condition& c : conditions) check_column(table, c.column, path);
    if (request.quantity && std::find(kind.quantities.begin(), kind.quantities.end(), *request.quantity) ==
                                kind.quantities.end()) {
      throw ConfigError(
          path, std::string("rows of kind ") + kind.name + " have no " + to_string(*request.quantity));
    }
    for (std::size_t i = 0; i < table.rows.size(); ++i) {
      const CsvRow& row = table.rows[i];
      if (!std::all_of(conditions.begin(), conditions.end(), [&](const auto& c) { return c.holds(row); }))
        continue;
      ValidatedRow v;
      v.quantity = request.quantity.value_or(kind.primary(row));
      v.measured = kind.measured(row, v.quantity);
      if (v.measured == 0) continue;
      v.file = path;
      v.line = i + 2;
      for (const std::string& column : by) v.group += (v.group.empty() ? "" : "/") + text_in(row, column);
      rows.push_back(v);
      tasks.push_back([&kind, row, fidelity = request.fidelity]() -> std::string {
        try {
          return encode(kind.simulate(row, fidelity));
        } catch (const std::exception& error) {
          return kFailed + std::string(error.what());
        }
      });
    }
  }
  // In portions, so that long work shows where it is.
  const std::size_t portion = std::max<std::size_t>(16, request.jobs * 8);
  for (std::size_t at = 0; at < tasks.size(); at += portion) {
    progress(at, tasks.size());
    const auto first = tasks.begin() + static_cast<std::ptrdiff_t>(at);
    const auto last = tasks.begin() + static_cast<std::ptrdiff_t>(std::min(tasks.size(), at + portion));
    const std::vector<std::string> answers = run_isolated({first, last}, request.jobs);
    for (std::size_t i = 0; i < answers.size(); ++i) {
      ValidatedRow& row = rows[at + i];
      if (answers[i].empty() || answers[i][0] == kFailed) {
        row.failure = answers[i].substr(std::min<std::size_t>(1, answers[i].size()));
      } else {
        row.simulated = decode(answers[i]).of(row.quantity);
      }
    }
  }
  progress(tasks.size(), tasks.size());
  return rows;
}

std::vector<ErrorGroup> error_groups(const std::vector<ValidatedRow>& rows) {
  std::vector<ErrorGroup> groups;
  std::vector<std::vector<double>> errors;
  for (const ValidatedRow& row : rows) {
    std::size_t g = 0;
    while (g < groups.size() && (groups[g].group != row.group || groups[g].quantity != row.quantity)) ++g;
    if (g == groups.size()) {
      groups.push_back({row.group, row.quantity});
      errors.emplace_back();
    }
    ++groups[g].n;
    if (row.failure.empty()) {
      errors[g].push_back(row.error());
    } else {
      ++groups[g].failed;
    }
  }
  for (std::size_t g = 0; g < groups.size(); ++g) {
    std::vector<double>& e = errors[g];
    if (e.empty()) continue;
    for (const double x : e) groups[g].bias += x / static_cast<double>(e.size());
    for (double& x : e) x = std::abs(x);
    std::sort(e.begin(), e.end());
    for (const double x : e) groups[g].mean_abs += x / static_cast<double>(e.size());
    const std::size_t n = e.size();
    groups[g].median_abs = n % 2 == 1 ? e[n / 2] : (e[n / 2 - 1] + e[n / 2]) / 2;
    groups[g].p90_abs =
        e[std::min(n - 1, static_cast<std::size_t>(std::ceil(0.9 * static_cast<double>(n))) - 1)];
  }
  return groups;
}

}  // namespace orrery
