#include "sim/report/csv.h"

#include <algorithm>
#include <map>

namespace orrery {
namespace {

using nlohmann::ordered_json;

std::string cell(const ordered_json& value) {
  if (value.is_null()) return "";
  std::string text = value.is_string() ? value.get<std::string>() : value.dump();
  // A table program takes a text that begins so for a formula.
  if (value.is_string() && text.find_first_of("=+-@\t") == 0) text.insert(0, "'");
  return csv_quoted(text);
}

void flatten(const ordered_json& value, const std::string& prefix, std::vector<std::string>& columns,
             std::map<std::string, std::string>& row) {
  if (value.is_object()) {
    for (const auto& [key, item] : value.items())
      flatten(item, prefix.empty() ? key : prefix + "." + key, columns, row);
    return;
  }
  if (std::find(columns.begin(), columns.end(), prefix) == columns.end()) columns.push_back(prefix);
  row[prefix] = cell(value);
}

}  // namespace

std::string csv_quoted(const std::string& text) {
  if (text.find_first_of(",\"\n\r") == std::string::npos) return text;
  std::string quoted = "\"";
  for (const char c : text) quoted += c == '"' ? std::string("\"\"") : std::string(1, c);
  return quoted + "\"";
}

std::string to_csv(const std::vector<ordered_json>& rows) {
  std::vector<std::string> columns;
  std::vector<std::map<std::string, std::string>> cells(rows.size());
  for (std::size_t i = 0; i < rows.size(); ++i) flatten(rows[i], "", columns, cells[i]);
  std::string out;
  for (std::size_t c = 0; c < columns.size(); ++c) out += (c == 0 ? "" : ",") + cell(columns[c]);
  out += '\n';
  for (auto& row : cells) {
    for (std::size_t c = 0; c < columns.size(); ++c) out += (c == 0 ? "" : ",") + row[columns[c]];
    out += '\n';
  }
  return out;
}

}  // namespace orrery
