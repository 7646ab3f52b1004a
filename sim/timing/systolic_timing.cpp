#include "sim/timing/systolic_timing.h"

#include <algorithm>

namespace orrery {
namespace {

std::uint64_t streamed_length(Dataflow dataflow, std::uint64_t m, std::uint64_t n, std::uint64_t k) {
  switch (dataflow) {
    case Dataflow::weight_stationary:
      return m;
    case Dataflow::output_stationary:
      return k;
    case Dataflow::input_stationary:
      return n;
  }
  return 0;
}

}  // namespace

FoldCycles fold_cycles(Dataflow dataflow, std::uint32_t rows, std::uint32_t cols, std::uint64_t length,
                       std::uint32_t load_rows) {
  FoldCycles fold;
  fold.load = Cycles{dataflow == Dataflow::output_stationary ? 0 : ceil_div<std::uint64_t>(rows, load_rows)};
  fold.stream = Cycles{length};
  fold.skew = Cycles{rows - 1};
  fold.drain = Cycles{cols - 1};
  return fold;
}

std::uint64_t fold_count(Dataflow dataflow, std::uint32_t rows, std::uint32_t cols, std::uint64_t m,
                         std::uint64_t n, std::uint64_t k) {
  const std::uint64_t r = rows;
  const std::uint64_t c = cols;
  switch (dataflow) {
    case Dataflow::weight_stationary:
      return ceil_div(k, r) * ceil_div(n, c);
    case Dataflow::output_stationary:
      return ceil_div(m, r) * ceil_div(n, c);
    case Dataflow::input_stationary:
      return ceil_div(k, r) * ceil_div(m, c);
  }
  return 0;
}

Cycles matrix_cycles(const SystolicArraySpec& spec, Dataflow dataflow, DType dtype, std::uint64_t m,
                     std::uint64_t n, std::uint64_t k) {
  const std::uint64_t folds =
      ceil_div(fold_count(dataflow, spec.rows, spec.cols, m, n, k), std::uint64_t{spec.count});
  const FoldCycles fold =
      fold_cycles(dataflow, spec.rows, spec.cols, streamed_length(dataflow, m, n, k), spec.load_rows);
  Cycles cycles = folds * fold.total();
  if (spec.drains_by_column) cycles = folds * (fold.load + fold.stream + Cycles{spec.cols});
  if (spec.double_buffered) {
    // Results drain, and the next stationary operand loads, behind the stream: whichever is longer sets the
    // pace of all folds but the last.
    const Cycles pace = std::max({fold.stream, fold.load, Cycles{1}});
    cycles = fold.load + (folds - 1) * pace + fold.stream + fold.skew + fold.drain;
  }
  const double rate = spec.rates[static_cast<std::size_t>(dtype)];
  return Cycles{static_cast<std::uint64_t>(std::ceil(cycles.real() / rate))};
}

// The drain is part of a fold; of folds that follow the columns before them, the last one's skew is left.
Cycles matrix_latency_cycles(const SystolicArraySpec& spec) {
  return Cycles{spec.drains_by_column && !spec.double_buffered ? spec.rows - std::min(spec.rows, 2U) : 0U};
}

std::uint64_t issued_macs(const SystolicArraySpec& spec, Dataflow dataflow, std::uint64_t m, std::uint64_t n,
                          std::uint64_t k) {
  const std::uint64_t rows = spec.rows;
  const std::uint64_t cols = spec.cols;
  if (dataflow == Dataflow::output_stationary) return round_up(m, rows) * round_up(n, cols) * k;
  if (dataflow == Dataflow::weight_stationary) return round_up(k, rows) * round_up(n, cols) * m;
  return round_up(k, rows) * round_up(m, cols) * n;
}

std::vector<Dataflow> dataflows(const SystolicArraySpec& spec) {
  return spec.dataflows;
}

Bytes operand_read_bytes(const SystolicArraySpec& spec, Dataflow dataflow, std::uint32_t a_bits,
                         std::uint32_t b_bits, std::uint64_t m, std::uint64_t n, std::uint64_t k) {
  const std::uint64_t r = spec.rows;
  const std::uint64_t c = spec.cols;
  std::uint64_t a_times = 1;
  std::uint64_t b_times = 1;
  if (dataflow == Dataflow::output_stationary) {
    a_times = ceil_div(n, c);
    b_times = ceil_div(m, r);
  } else if (dataflow == Dataflow::weight_stationary) {
    a_times = ceil_div(n, c);
  } else {
    b_times = ceil_div(m, c);
  }
  return Bytes{(m * k * a_bits * a_times + k * n * b_bits * b_times) / 8};
}

}  // namespace orrery
