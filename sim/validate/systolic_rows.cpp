// Systolic arrays with operands on chip, in cycles (columns dataflow, array_rows, array_cols, compute_cycles;
// `tool` says who counted).

#include "sim/timing/systolic_timing.h"
#include "sim/util/errors.h"
#include "sim/validate/reference_kind.h"

namespace orrery {
namespace {

std::vector<Quantity> systolic_usual(const CsvRow& /*row*/) {
  return {Quantity::time};
}

double systolic_measured(const CsvRow& row, Quantity quantity) {
  if (quantity != Quantity::time) return 0;
  // What SCALE-Sim v2 prints is the number of the last cycle, counted from 0.
  const bool last = text_in(row, "tool") == "scale-sim-v2";
  return number_in(row, "compute_cycles") + (last ? 1 : 0);
}

Dataflow dataflow_in(const CsvRow& row) {
  const std::string name = text_in(row, "dataflow");
  if (name == "os" || name == "output_stationary") return Dataflow::output_stationary;
  if (name == "ws" || name == "weight_stationary") return Dataflow::weight_stationary;
  if (name == "is" || name == "input_stationary") return Dataflow::input_stationary;
  throw ConfigError("", "column dataflow: '" + name + "', expected os, ws or is");
}

SimulatedRow systolic_simulate(const CsvRow& row) {
  const auto count = [&](const char* column) { return whole_in(row, column); };
  SystolicArraySpec array;
  array.rows = static_cast<std::uint32_t>(count("array_rows"));
  array.cols = static_cast<std::uint32_t>(count("array_cols"));
  array.rates.fill(1);
  SimulatedRow s;
  const Cycles cycles =
      matrix_cycles(array, dataflow_in(row), DType::fp16, count("m"), count("n"), count("k"));
  s[Quantity::time] = cycles.real();
  return s;
}

}  // namespace

const ReferenceKind& systolic_rows() {
  static const ReferenceKind kKind = {"systolic",
                                      {"dataflow", "array_rows", "array_cols", "compute_cycles"},
                                      {"m", "n", "k", "tool", "compute_cycles"},
                                      {"dataflow"},
                                      {Quantity::time},
                                      systolic_usual,
                                      systolic_measured,
                                      process_a_row,
                                      false,
                                      [](const std::vector<CsvRow>& rows, const RowSettings&) {
                                        return row_by_row(rows, systolic_simulate);
                                      }};
  return kKind;
}

}  // namespace orrery
