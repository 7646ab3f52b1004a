#pragma once
// Rows of measurements that Orrery can simulate. The kind of a file shows in its columns: DRAM (preset,
// pattern), network on chip (topology, traffic), collectives (system, message_bytes).

#include <functional>
#include <string>
#include <vector>

#include "sim/probe/dram_probe.h"
#include "sim/validate/csv_table.h"

namespace orrery {

enum class Quantity : std::uint8_t { time, throughput, latency, energy };
const char* to_string(Quantity quantity);
Quantity parse_quantity(const std::string& name);

// What one simulation gave, by quantity; 0 where it gives none.
struct SimulatedRow {
  double time = 0, throughput = 0, latency = 0, energy = 0;
  double of(Quantity quantity) const;
};

struct ReferenceKind {
  const char* name;
  std::vector<std::string> columns;     // that mark the kind
  std::vector<std::string> default_by;  // grouping
  std::vector<Quantity> quantities;
  // The row's first quantity.
  Quantity (*primary)(const CsvRow& row);
  // The measured value; 0 when the row has none or it is not to be counted.
  double (*measured)(const CsvRow& row, Quantity quantity);
  // Simulates a row, in a process of its own.
  SimulatedRow (*simulate)(const CsvRow& row, ProbeFidelity fidelity);
};

// Throws ConfigError when no kind fits the columns.
const ReferenceKind& kind_of(const CsvTable& table, const std::string& path);

// A cell as a number; `fallback` when it is empty. Throws ConfigError when it is something else.
double number_in(const CsvRow& row, const std::string& column, double fallback = 0);
std::string text_in(const CsvRow& row, const std::string& column, const std::string& fallback = "");

}  // namespace orrery
