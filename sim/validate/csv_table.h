#pragma once
// A CSV file (RFC 4180) of measured rows: cells by column name.

#include <map>
#include <string>
#include <vector>

namespace orrery {

using CsvRow = std::map<std::string, std::string>;

struct CsvTable {
  std::vector<std::string> columns;
  std::vector<CsvRow> rows;

  bool has(const std::string& column) const;
};

// Throws ConfigError: missing file, no header, a row with more cells than columns.
CsvTable read_csv(const std::string& path);

}  // namespace orrery
