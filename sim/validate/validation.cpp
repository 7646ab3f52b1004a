#include "sim/validate/validation.h"

#include <fmt/format.h>

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
    if (op == "~") return cell.find(value) != std::string::npos;
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
  for (const char* op : {">=", "<=", "!=", "==", "=", ">", "<", "~"}) {
    const std::size_t at = text.find(op);
    if (at == std::string::npos || at == 0) continue;
    const std::string found = op;
    return {text.substr(0, at), found == "==" ? "=" : found, text.substr(at + found.size())};
  }
  throw ConfigError(
      "", "--where '" + text + "'; expected COLUMN OP VALUE with >=, <=, >, <, =, != or ~ (holds the text)");
}

void check_column(const CsvTable& table, const std::string& column, const std::string& path) {
  if (!table.has(column))
    throw ConfigError(path, "no column '" + column + "'" + did_you_mean(column, table.columns));
}

// What a process says of its rows.
std::string encode(const std::vector<SimulatedRow>& rows) {
  nlohmann::json list = nlohmann::json::array();
  for (const SimulatedRow& row : rows) list.push_back({row.values, row.split, row.failure, row.bands});
  return list.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

std::vector<SimulatedRow> decode(const std::string& text) {
  std::vector<SimulatedRow> rows;
  for (const nlohmann::json& j : nlohmann::json::parse(text)) {
    SimulatedRow row;
    row.values = j.at(0).get<decltype(row.values)>();
    row.split = j.at(1).get<std::string>();
    row.failure = j.at(2).get<std::string>();
    row.bands = j.at(3).get<decltype(row.bands)>();
    rows.push_back(std::move(row));
  }
  return rows;
}

// Throws ConfigError: a cell says what rows of its kind do not read, though it bears on results.
void check_read(const CsvRow& row, const ReferenceKind& kind) {
  for (const auto& [column, cell] : row) {
    if (!cell.empty() && bears_on_results(column) && !is_read(kind, column))
      throw ConfigError("", fmt::format("column {}: '{}' bears on the result, and rows of kind {} do not "
                                        "read it",
                                        column, cell, kind.name));
  }
}

constexpr std::size_t kMostRowsAProcess = 24;

// Rows of one kind and process key, at most kMostRowsAProcess: what one process simulates.
struct Portion {
  const ReferenceKind* kind;
  std::string key;
  std::vector<CsvRow> rows;
  std::vector<std::vector<std::size_t>> index;  // among all rows, by quantity
};

std::string simulate(const Portion& portion, const RowSettings& settings) {
  try {
    return encode(portion.kind->simulate(portion.rows, settings));
  } catch (const std::exception& error) {  // none of them could start
    std::vector<SimulatedRow> failed(portion.rows.size());
    for (SimulatedRow& row : failed) row.failure = error.what();
    return encode(failed);
  }
}

}  // namespace

std::vector<ValidatedRow> validate_rows(const ValidationRequest& request,
                                        const std::function<void(std::size_t, std::size_t)>& progress) {
  std::vector<Condition> conditions;
  for (const std::string& text : request.where) conditions.push_back(parse_condition(text));
  std::vector<ValidatedRow> rows;
  std::vector<Portion> portions;
  for (const std::string& path : request.files) {
    const CsvTable table = read_csv(path);
    const ReferenceKind& kind = kind_of(table, path);
    if (!request.settings.patches.empty() && !kind.takes_patches)
      throw ConfigError(path, std::string("KEY=VALUE changes machines, models and stacks; rows of kind ") +
                                  kind.name + " name none");
    const std::vector<std::string>& by = request.by.empty() ? kind.default_by : request.by;
    for (const std::string& column : by) check_column(table, column, path);
    for (const Condition& c : conditions) check_column(table, c.column, path);
    if (request.quantity && std::find(kind.quantities.begin(), kind.quantities.end(), *request.quantity) ==
                                kind.quantities.end()) {
      throw ConfigError(
          path, std::string("rows of kind ") + kind.name + " have no " + to_string(*request.quantity));
    }
    for (std::size_t i = 0; i < table.rows.size(); ++i) {
      CsvRow row = table.rows[i];
      row[kRowFile] = path;
      row[kRowNumber] = std::to_string(i);
      if (!std::all_of(conditions.begin(), conditions.end(), [&](const auto& c) { return c.holds(row); }))
        continue;
      ValidatedRow v;
      v.file = path;
      v.line = i + 2;
      for (const std::string& column : by) v.group += (v.group.empty() ? "" : "/") + text_in(row, column);
      std::vector<std::size_t> places;  // of the row's quantities that are compared
      try {
        const std::vector<Quantity> quantities =
            request.quantity ? std::vector<Quantity>{*request.quantity} : kind.usual(row);
        for (const Quantity quantity : quantities) {
          v.quantity = quantity;
          v.measured = kind.measured(row, quantity);
          if (v.measured == 0) continue;
          places.push_back(rows.size());
          rows.push_back(v);
        }
        if (places.empty()) continue;
        check_read(row, kind);
      } catch (const ConfigError& error) {
        if (places.empty()) {
          places.push_back(rows.size());
          rows.push_back(v);
        }
        for (const std::size_t place : places) rows[place].failure = error.what();
        continue;
      }
      const std::string key = kind.process_key(row, request.settings);
      auto portion = std::find_if(portions.rbegin(), portions.rend(),
                                  [&](const Portion& p) { return p.kind == &kind && p.key == key; });
      if (key.empty() || portion == portions.rend() ||
          (!kind.together && portion->rows.size() == kMostRowsAProcess)) {
        portions.push_back({&kind, key, {}, {}});
        portion = portions.rbegin();
      }
      portion->rows.push_back(row);
      portion->index.push_back(std::move(places));
    }
  }
  // A few processes at a time, so that long work shows where it is.
  const std::size_t at_once = std::max<std::size_t>(4, request.jobs * 4);
  std::size_t done = rows.size();
  for (const Portion& p : portions) {
    for (const std::vector<std::size_t>& places : p.index) done -= places.size();
  }
  for (std::size_t at = 0; at < portions.size(); at += at_once) {
    progress(done, rows.size());
    std::vector<std::function<std::string()>> tasks;
    for (std::size_t p = at; p < std::min(portions.size(), at + at_once); ++p)
      tasks.push_back([&portions, p, &request] { return simulate(portions[p], request.settings); });
    const std::vector<IsolatedAnswer> answers = answers_of_isolated(tasks, request.jobs);
    for (std::size_t a = 0; a < answers.size(); ++a) {
      if (!answers[a].failure.empty()) {  // a process died: which row it was, one of their own each will tell
        const Portion from = portions[at + a];
        for (std::size_t i = 0; i < from.rows.size(); ++i) {
          if (from.rows.size() > 1) {
            portions.push_back({from.kind, from.key, {from.rows[i]}, {from.index[i]}});
          } else {
            for (const std::size_t place : from.index[i]) rows[place].failure = answers[a].failure;
            done += from.index[i].size();
          }
        }
        continue;
      }
      const std::vector<SimulatedRow> simulated = decode(answers[a].text);
      // A row that broke the simulation took the rows behind it along: they get processes of their own.
      std::vector<std::size_t> again;
      for (std::size_t i = 0; i < simulated.size(); ++i) {
        if (i > 0 && simulated[i].failure.find("restart simulation after error") != std::string::npos) {
          again.push_back(i);
          continue;
        }
        for (const std::size_t place : portions[at + a].index[i]) {
          ValidatedRow& row = rows[place];
          row.failure = simulated[i].failure;
          row.split = simulated[i].split;
          row.simulated = simulated[i][row.quantity];
          row.band = simulated[i].bands[static_cast<std::size_t>(row.quantity)];
          ++done;
        }
      }
      for (const std::size_t i : again) {
        const Portion from = portions[at + a];
        portions.push_back({from.kind, from.key, {from.rows[i]}, {from.index[i]}});
      }
    }
  }
  progress(rows.size(), rows.size());
  return rows;
}

std::vector<std::pair<std::string, std::vector<std::string>>> ignored_columns(
    const ValidationRequest& request) {
  std::vector<std::pair<std::string, std::vector<std::string>>> files;
  for (const std::string& path : request.files) {
    std::vector<std::string> ignored;
    for (const std::string& column : read_csv(path).columns) {
      if (!bears_on_results(column)) ignored.push_back(column);
    }
    if (!ignored.empty()) files.emplace_back(path, std::move(ignored));
  }
  return files;
}

namespace {

double median_of(const std::vector<double>& sorted) {
  const std::size_t n = sorted.size();
  return n % 2 == 1 ? sorted[n / 2] : (sorted[n / 2 - 1] + sorted[n / 2]) / 2;
}

}  // namespace

std::vector<ErrorGroup> error_groups(const std::vector<ValidatedRow>& rows) {
  std::vector<ErrorGroup> groups;
  std::vector<std::vector<double>> errors;
  std::vector<std::vector<double>> bands;
  std::vector<double> inside;
  for (const ValidatedRow& row : rows) {
    std::size_t g = 0;
    while (g < groups.size() && (groups[g].group != row.group || groups[g].quantity != row.quantity)) ++g;
    if (g == groups.size()) {
      groups.push_back({row.group, row.quantity});
      errors.emplace_back();
      bands.emplace_back();
      inside.push_back(0);
    }
    ++groups[g].n;
    if (row.failure.empty()) {
      errors[g].push_back(row.error());
      if (row.band > 0) bands[g].push_back(row.band);
      if (row.band > 0 && std::abs(row.error()) <= row.band) ++inside[g];
    } else {
      ++groups[g].failed;
    }
  }
  for (std::size_t g = 0; g < groups.size(); ++g) {
    std::vector<double>& e = errors[g];
    if (e.empty()) continue;
    ErrorFigures f;
    for (const double x : e) f.bias += x / static_cast<double>(e.size());
    for (double& x : e) x = std::abs(x);
    std::sort(e.begin(), e.end());
    for (const double x : e) f.mean_abs += x / static_cast<double>(e.size());
    const std::size_t n = e.size();
    f.median_abs = median_of(e);
    if (!bands[g].empty()) {
      std::sort(bands[g].begin(), bands[g].end());
      f.in_band = inside[g] / static_cast<double>(bands[g].size());
      f.band = median_of(bands[g]);
    }
    f.p90_abs = e[std::min(n - 1, static_cast<std::size_t>(std::ceil(0.9 * static_cast<double>(n))) - 1)];
    groups[g].errors = f;
  }
  return groups;
}

}  // namespace orrery
