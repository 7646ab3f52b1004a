#pragma once
// Measured rows, simulated, and the errors by group. Error = (simulated - measured) / measured.

#include <functional>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "sim/validate/reference_kind.h"

namespace orrery {

struct ValidationRequest {
  std::vector<std::string> files;
  RowSettings settings;
  std::size_t jobs = 1;
  std::vector<std::string> where;    // "measured_us>=10", "pattern=seq_read"; all must hold
  std::vector<std::string> by;       // columns; empty = the kind's own
  std::optional<Quantity> quantity;  // default: the row's first
};

struct ValidatedRow {
  std::string group;
  Quantity quantity = Quantity::time;
  std::string file;
  std::size_t line = 0;  // of the row, the header being line 1
  double measured = 0, simulated = 0;
  std::string split;    // where the simulated time went
  std::string failure;  // why it could not be simulated
  double band = 0;      // half-width that the answer is given with; 0: none
  double error() const { return (simulated - measured) / measured; }
};

struct ErrorFigures {
  double bias = 0, median_abs = 0, mean_abs = 0, p90_abs = 0;  // fractions
  // Of the rows that are answered with a band: those inside it, and the median of its half-width.
  std::optional<double> in_band = std::nullopt, band = std::nullopt;
};

struct ErrorGroup {
  std::string group;
  Quantity quantity = Quantity::time;
  std::size_t n = 0, failed = 0;
  std::optional<ErrorFigures> errors = std::nullopt;  // none where no row could be simulated
};

// Of each file, the columns that bear on no result.
std::vector<std::pair<std::string, std::vector<std::string>>> ignored_columns(
    const ValidationRequest& request);

// `progress` gets rows done and rows in all.
std::vector<ValidatedRow> validate_rows(const ValidationRequest& request,
                                        const std::function<void(std::size_t, std::size_t)>& progress);

// By group and quantity, in the order of the rows.
std::vector<ErrorGroup> error_groups(const std::vector<ValidatedRow>& rows);

}  // namespace orrery
