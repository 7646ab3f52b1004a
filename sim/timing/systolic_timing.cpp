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

FoldCycles fold_cycles(Dataflow dataflow, std::uint32_t rows, std::uint32_t cols, std::uint64_t length) {
  FoldCycles fold;
  fold.load = Cycles{dataflow == Dataflow::output_stationary ? 0 : rows};
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

Cycles systolic_cycles(const SystolicArraySpec& spec, Dataflow dataflow, DType dtype, std::uint64_t m,
                       std::uint64_t n, std::uint64_t k) {
  const std::uint64_t folds =
      ceil_div(fold_count(dataflow, spec.rows, spec.cols, m, n, k), std::uint64_t{spec.count});
  const FoldCycles fold = fold_cycles(dataflow, spec.rows, spec.cols, streamed_length(dataflow, m, n, k));
  Cycles cycles = folds * fold.total();
  if (spec.double_buffered) {
    // Results drain, and the next stationary operand loads, behind the stream: whichever is longer sets the
    // pace of all folds but the last.
    const Cycles pace = std::max({fold.stream, fold.load, Cycles{1}});
    cycles = fold.load + (folds - 1) * pace + fold.stream + fold.skew + fold.drain;
  }
  const double rate = spec.rates[static_cast<std::size_t>(dtype)];
  return Cycles{static_cast<std::uint64_t>(std::ceil(cycles.real() / rate))};
}

}  // namespace orrery
