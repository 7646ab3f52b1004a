#pragma once
// A systolic array processing element by processing element (fidelity `cycle`): operands enter at the edges,
// skewed, and move one element a cycle; every element multiplies what meets in it. Values are computed, so a
// test can compare the product. Schemes: output stationary (A from the west, B from the north) and weight
// stationary (B preloaded through addressed transit registers, A from the west, sums to the south); input
// stationary is weight stationary on the transposed product. Folds follow each other when the last element is
// through, or back to back when stationary operands and results are double buffered. Left out: operand
// supply, which the core's scratchpad limits. Source: Kung, "Why systolic architectures?", 1982.

#include <cstdint>
#include <vector>

#include "sim/config/arch_spec.h"
#include "sim/util/amount.h"

namespace orrery {

// Row-major operands of C[m,n] += A[m,k] x B[k,n]; null pointers stand for zeros that nobody looks at.
struct ArrayProduct {
  std::uint64_t m = 1, n = 1, k = 1;
  const std::int32_t* a = nullptr;
  const std::int32_t* b = nullptr;
  std::int64_t* c = nullptr;
};

class PeArray {
 public:
  // Stationary operands come in `load_rows` (a divisor of `rows`) a cycle.
  PeArray(std::uint32_t rows, std::uint32_t cols, bool double_buffered, std::uint32_t load_rows = 1,
          bool drains_by_column = false);

  // Runs every `stride`-th fold, from the first one, and returns the cycles until the last result is out.
  Cycles run(Dataflow dataflow, const ArrayProduct& product, std::uint64_t stride = 1);

 private:
  static constexpr std::uint64_t kNone = UINT64_MAX;
  // An operand with its strides, so that a transposed product needs no copy.
  struct Operand {
    const std::int32_t* data;
    std::uint64_t row_stride, col_stride;
    std::int32_t at(std::uint64_t row, std::uint64_t col) const {
      return data == nullptr ? 0 : data[row * row_stride + col * col_stride];
    }
  };
  struct View {
    std::uint64_t m, n, k;
    Operand a, b;
    std::int64_t* c;
    std::uint64_t c_row, c_col;
    void add(std::uint64_t row, std::uint64_t col, std::int64_t sum) const {
      if (c != nullptr && row < m && col < n) c[row * c_row + col * c_col] += sum;
    }
  };
  struct Element {
    std::int32_t west = 0, north = 0;  // operands passing through
    std::int64_t sum = 0;              // accumulates in place, or passes to the south
    std::uint64_t fold = kNone;        // of what passes from the west; kNone = a bubble
    std::uint64_t step = 0;            // its place in the stream
    std::int32_t stationary = 0, next_stationary = 0;
    std::int32_t transit = 0;
    std::uint32_t transit_row = UINT32_MAX;  // where it is to stay
  };
  struct Fold {
    std::uint64_t first_row = 0, first_col = 0;  // of C (output stationary) or of B (weight stationary)
    std::uint64_t load = 0, stream = 0;          // cycles in which they start
  };

  std::uint32_t rows_, cols_;
  bool double_buffered_;
  std::uint32_t drain_;  // cycles between the end of a fold's stream and the next fold
  std::uint32_t chain_;  // rows that a stationary operand goes down, side by side with others
  std::vector<Element> elements_;

  Element& element(std::uint32_t r, std::uint32_t c) { return elements_[std::size_t{r} * cols_ + c]; }
  std::vector<Fold> folds(const View& view, bool stationary_b, std::uint64_t stride) const;
  Cycles run_output_stationary(const View& view, std::uint64_t stride);
  Cycles run_weight_stationary(const View& view, std::uint64_t stride);
  template <class Value>
  void move_east(std::uint32_t r, std::uint32_t c, const std::vector<Fold>& folds, std::uint64_t t,
                 std::size_t oldest, std::uint64_t length, Value value);
  void step_output_stationary(const View& view, const std::vector<Fold>& folds, std::uint64_t t,
                              std::size_t oldest);
  void step_weight_stationary(const View& view, const std::vector<Fold>& folds, std::uint64_t t,
                              std::size_t oldest);
  void preload(const View& view, const std::vector<Fold>& folds, std::uint64_t t, std::size_t oldest);
};

}  // namespace orrery
