#pragma once
// Rows of measurements that Orrery can simulate. The kind of a file shows in its columns; each kind has a
// file of its own (dram_rows, network_rows, kernel_rows, systolic_rows, inference_rows, serving_rows).

#include <array>
#include <optional>
#include <string>
#include <vector>

#include "sim/estimate/expected_error.h"
#include "sim/probe/dram_probe.h"
#include "sim/study/session.h"
#include "sim/util/enum_names.h"
#include "sim/validate/cells.h"

namespace orrery {

enum class Quantity : std::uint8_t {
  time,
  throughput,
  latency,
  energy,
  power,
  memory_power,
  ttft,
  tpot,
  itl,
  e2e,
  ttft_p99,
  e2e_mean
};
inline constexpr std::size_t kQuantityCount = 12;
template <>
struct EnumNames<Quantity> {
  static constexpr std::array<const char*, kQuantityCount> kWords = {
      "time", "throughput", "latency", "energy", "power",    "memory_power",
      "ttft", "tpot",       "itl",     "e2e",    "ttft_p99", "e2e_mean"};
};

// What one simulation gave, by quantity in the row's own units; 0 where it gives none.
struct SimulatedRow {
  std::array<double, kQuantityCount> values{};
  // What nine of ten like answers are expected to be nearer than, as users are told; 0 where they are not.
  std::array<double, kQuantityCount> bands{};
  std::string split;    // where the time went, in words
  std::string failure;  // why it could not be simulated; empty = it could
  double& operator[](Quantity q) { return values[static_cast<std::size_t>(q)]; }
  double operator[](Quantity q) const { return values[static_cast<std::size_t>(q)]; }
  void expect(const ExpectedErrors& errors) {
    bands[static_cast<std::size_t>(Quantity::time)] = errors.time.p90.value_or(0);
    bands[static_cast<std::size_t>(Quantity::power)] = errors.power.p90.value_or(0);
  }
};

// How rows are simulated.
struct RowSettings {
  Fidelity fidelity = Fidelity::tile;  // as far as the kind knows it
  std::string arch;                    // in place of each row's device; "" = the row's
  std::string runtime;                 // software stack; "" = what the rows call for
  std::vector<Patch> patches;          // of each row's machine, model and stack
  bool use_store = true;               // of kernels
};
// A row's machine, and its model and stack where it names them, with the patches.
Posed posed_row(const BaseNames& names, const RowSettings& settings);
Session session_of(const RowSettings& settings);

// Cells of every row: the file that it stands in, whose neighbours it may name, and its place there, from 0.
inline constexpr const char* kRowFile = "(file)";
inline constexpr const char* kRowNumber = "(row)";

struct ReferenceKind {
  const char* name;
  std::vector<std::string> columns;     // that mark the kind
  std::vector<std::string> reads;       // the others that it reads, or knows not to bear on its results
  std::vector<std::string> default_by;  // grouping
  std::vector<Quantity> quantities;
  // What is compared unless one quantity is asked for; those that a row has.
  std::vector<Quantity> (*usual)(const CsvRow& row);
  // The measured value; 0 when the row has none or it is not to be counted. Throws ConfigError: text where a
  // number belongs.
  double (*measured)(const CsvRow& row, Quantity quantity);
  // Rows with the same key may be simulated one after another in one process; "" = each has its own.
  std::string (*process_key)(const CsvRow& row, const RowSettings& settings);
  bool takes_patches;  // its rows name machines
  // Simulates rows of one key. What a row throws is its failure and does not touch the others.
  std::vector<SimulatedRow> (*simulate)(const std::vector<CsvRow>& rows, const RowSettings& settings);
  bool together = false;  // rows of a key are simulated in one go, however many
};

const ReferenceKind& dram_rows();
const ReferenceKind& noc_rows();
const ReferenceKind& collective_rows();
const ReferenceKind& kernel_rows();
const ReferenceKind& systolic_rows();
const ReferenceKind& inference_rows();
const ReferenceKind& serving_rows();
const ReferenceKind& request_rows();

// Columns that rows of some kind read: they bear on results, and rows of a kind that does not read them are
// refused where they hold something.
bool bears_on_results(const std::string& column);
bool is_read(const ReferenceKind& kind, const std::string& column);

// Throws ConfigError when no kind fits the columns.
const ReferenceKind& kind_of(const CsvTable& table, const std::string& path);

// For kinds whose rows each take a process: calls `one` for each row and turns what it throws into a failure.
template <class One>
std::vector<SimulatedRow> row_by_row(const std::vector<CsvRow>& rows, One one) {
  std::vector<SimulatedRow> results;
  for (const CsvRow& row : rows) {
    SimulatedRow result;
    try {
      result = one(row);
    } catch (const std::exception& error) {
      result.failure = error.what();
    }
    results.push_back(result);
  }
  return results;
}

// "" for every row.
std::string process_a_row(const CsvRow& row, const RowSettings& settings);
ProbeFidelity probe_fidelity(const RowSettings& settings);

}  // namespace orrery
