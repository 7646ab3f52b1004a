#include "sim/validate/csv_table.h"

#include <algorithm>

#include "sim/util/errors.h"
#include "sim/util/text_file.h"

namespace orrery {
namespace {

constexpr std::uint64_t kMostTable = std::uint64_t{1} << 30;  // bytes

// One record from the text, quotes undone; false at the end.
bool next_record(const std::string& text, std::size_t& at, std::vector<std::string>& cells) {
  cells.clear();
  if (at >= text.size()) return false;
  std::string cell;
  bool quoted = false;
  while (at < text.size()) {
    const char c = text[at++];
    if (quoted) {
      if (c != '"') {
        cell += c;
      } else if (at < text.size() && text[at] == '"') {
        cell += text[at++];
      } else {
        quoted = false;
      }
    } else if (c == '"') {
      quoted = true;
    } else if (c == ',') {
      cells.push_back(cell);
      cell.clear();
    } else if (c == '\n') {
      break;
    } else if (c != '\r') {
      cell += c;
    }
  }
  cells.push_back(cell);
  return true;
}

}  // namespace

bool CsvTable::has(const std::string& column) const {
  return std::find(columns.begin(), columns.end(), column) != columns.end();
}

CsvTable read_csv(const std::string& path) {
  const std::string content = read_text_file(path, kMostTable);
  check_text(content, path);
  CsvTable table;
  std::size_t at = 0;
  if (!next_record(content, at, table.columns)) throw ConfigError(path, "no header line");
  std::vector<std::string> cells;
  for (int line = 2; next_record(content, at, cells); ++line) {
    if (cells.size() == 1 && cells[0].empty()) continue;
    if (cells.size() > table.columns.size()) {
      throw ConfigError(
          path + ":" + std::to_string(line),
          std::to_string(cells.size()) + " cells under " + std::to_string(table.columns.size()) + " columns");
    }
    CsvRow row;
    for (std::size_t i = 0; i < cells.size(); ++i) row[table.columns[i]] = cells[i];
    table.rows.push_back(row);
  }
  return table;
}

}  // namespace orrery
