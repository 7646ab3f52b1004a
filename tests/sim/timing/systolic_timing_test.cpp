// The closed forms against an array simulated register by register, which also has to compute the right
// product.

#include "sim/timing/systolic_timing.h"

#include <gtest/gtest.h>

#include "tests/support/random_operator.h"

namespace orrery::test {
namespace {

using Grid = std::vector<std::vector<long>>;

Grid zeros(std::size_t rows, std::size_t cols) {
  return Grid(rows, std::vector<long>(cols, 0));
}

Grid random_grid(Random& random, std::size_t rows, std::size_t cols) {
  Grid g = zeros(rows, cols);
  for (auto& row : g) {
    for (long& v : row) v = static_cast<long>(random.below(7)) - 3;
  }
  return g;
}

Grid product(const Grid& a, const Grid& b) {
  Grid c = zeros(a.size(), b[0].size());
  for (std::size_t i = 0; i < a.size(); ++i) {
    for (std::size_t k = 0; k < b.size(); ++k) {
      for (std::size_t j = 0; j < b[0].size(); ++j) c[i][j] += a[i][k] * b[k][j];
    }
  }
  return c;
}

// Stationary operand b (rows x cols) shifted in row by row, then the rows of a (length x rows) streamed in
// from the left, skewed; sums flow down. Returns the cycles until the last sum has left, and the product.
std::uint64_t run_stationary(const Grid& a, const Grid& b, Grid& result) {
  const std::size_t rows = b.size();
  const std::size_t cols = b[0].size();
  const std::size_t length = a.size();
  result = zeros(length, cols);
  std::uint64_t cycle = 0;
  Grid held = zeros(rows, cols);
  for (std::size_t step = 0; step < rows;
       ++step, ++cycle) {  // one row enters at the top, the others move down
    for (std::size_t r = rows - 1; r > 0; --r) held[r] = held[r - 1];
    held[0] = b[rows - 1 - step];
  }
  Grid moving = zeros(rows, cols);  // operand registers, flowing right
  Grid sums = zeros(rows, cols);    // partial sums, flowing down
  std::size_t collected = 0;
  for (std::size_t t = 0; collected < length * cols; ++t, ++cycle) {
    const Grid moving_before = moving;
    const Grid sums_before = sums;
    for (std::size_t r = 0; r < rows; ++r) {
      for (std::size_t c = 0; c < cols; ++c) {
        const bool entering = t >= r && t - r < length;
        const long in = c > 0 ? moving_before[r][c - 1] : (entering ? a[t - r][r] : 0);
        moving[r][c] = in;
        sums[r][c] = (r > 0 ? sums_before[r - 1][c] : 0) + in * held[r][c];
      }
    }
    for (std::size_t c = 0; c < cols; ++c) {  // row i leaves column c at t = i + rows - 1 + c
      if (t >= rows - 1 + c && t - (rows - 1) - c < length) {
        result[t - (rows - 1) - c][c] = sums[rows - 1][c];
        ++collected;
      }
    }
  }
  return cycle;
}

// a (rows x k) from the left and b (k x cols) from the top, both skewed; sums stay.
std::uint64_t run_output_stationary(const Grid& a, const Grid& b, Grid& result) {
  const std::size_t rows = a.size();
  const std::size_t cols = b[0].size();
  const std::size_t length = b.size();
  result = zeros(rows, cols);
  Grid right = zeros(rows, cols);
  Grid down = zeros(rows, cols);
  std::size_t done = 0;
  std::uint64_t cycle = 0;
  for (std::size_t t = 0; done < rows * cols * length; ++t, ++cycle) {
    const Grid right_before = right;
    const Grid down_before = down;
    for (std::size_t r = 0; r < rows; ++r) {
      for (std::size_t c = 0; c < cols; ++c) {
        right[r][c] = c > 0 ? right_before[r][c - 1] : (t >= r && t - r < length ? a[r][t - r] : 0);
        down[r][c] = r > 0 ? down_before[r - 1][c] : (t >= c && t - c < length ? b[t - c][c] : 0);
        result[r][c] += right[r][c] * down[r][c];
        if (t >= r + c && t - r - c < length) ++done;
      }
    }
  }
  return cycle;
}

Grid transposed(const Grid& g) {
  Grid t = zeros(g[0].size(), g.size());
  for (std::size_t i = 0; i < g.size(); ++i) {
    for (std::size_t j = 0; j < g[0].size(); ++j) t[j][i] = g[i][j];
  }
  return t;
}

struct Shape {
  std::uint32_t rows, cols;
  std::size_t length;
};
Shape random_shape(Random& random) {
  return {static_cast<std::uint32_t>(random.log_uniform(1, 24)),
          static_cast<std::uint32_t>(random.log_uniform(1, 24)), random.log_uniform(1, 60)};
}

TEST(SystolicTiming, WeightStationaryFoldTakesWhatTheRegistersTakeOn200Shapes) {
  Random random(1);
  for (int i = 0; i < 200; ++i) {
    const Shape s = random_shape(random);
    const Grid a = random_grid(random, s.length, s.rows);
    const Grid b = random_grid(random, s.rows, s.cols);
    Grid c;
    const std::uint64_t cycles = run_stationary(a, b, c);
    ASSERT_EQ(c, product(a, b));
    EXPECT_EQ(fold_cycles(Dataflow::weight_stationary, s.rows, s.cols, s.length).total().value(), cycles);
  }
}

TEST(SystolicTiming, InputStationaryFoldTakesWhatTheRegistersTakeOn200Shapes) {
  Random random(2);
  for (int i = 0; i < 200; ++i) {
    const Shape s = random_shape(random);
    // A^T (k x m) is held, the columns of B stream: C^T = B^T A^T.
    const Grid a = random_grid(random, s.cols, s.rows);
    const Grid b = random_grid(random, s.rows, s.length);
    Grid c;
    const std::uint64_t cycles = run_stationary(transposed(b), transposed(a), c);
    ASSERT_EQ(transposed(c), product(a, b));
    EXPECT_EQ(fold_cycles(Dataflow::input_stationary, s.rows, s.cols, s.length).total().value(), cycles);
  }
}

TEST(SystolicTiming, OutputStationaryFoldTakesWhatTheRegistersTakeOn200Shapes) {
  Random random(3);
  for (int i = 0; i < 200; ++i) {
    const Shape s = random_shape(random);
    const Grid a = random_grid(random, s.rows, s.length);
    const Grid b = random_grid(random, s.length, s.cols);
    Grid c;
    const std::uint64_t cycles = run_output_stationary(a, b, c);
    ASSERT_EQ(c, product(a, b));
    EXPECT_EQ(fold_cycles(Dataflow::output_stationary, s.rows, s.cols, s.length).total().value(), cycles);
  }
}

SystolicArraySpec array(std::uint32_t rows, std::uint32_t cols) {
  SystolicArraySpec spec;
  spec.rows = rows;
  spec.cols = cols;
  spec.rates[static_cast<std::size_t>(DType::fp16)] = 1;
  return spec;
}

// SCALE-Sim v2's compute cycles (it prints the index of the last cycle, so its figure is one less).
TEST(SystolicTiming, WholeProductsAgreeWithScaleSim) {
  struct Row {
    std::uint32_t size;
    Dataflow dataflow;
    std::uint64_t m, n, k, printed;
  };
  const Row rows[] = {{16, Dataflow::output_stationary, 128, 128, 128, 10111},
                      {16, Dataflow::weight_stationary, 128, 128, 128, 11135},
                      {16, Dataflow::input_stationary, 512, 512, 512, 571391},
                      {16, Dataflow::weight_stationary, 37, 129, 511, 23903},
                      {32, Dataflow::output_stationary, 8, 4096, 4096, 532223},
                      {128, Dataflow::weight_stationary, 8, 4096, 4096, 399359},
                      {128, Dataflow::weight_stationary, 2048, 768, 768, 87479}};
  for (const Row& row : rows) {
    EXPECT_EQ(matrix_cycles(array(row.size, row.size), row.dataflow, DType::fp16, row.m, row.n, row.k),
              Cycles{row.printed + 1});
  }
}

TEST(SystolicTiming, DoubleBufferingHidesTheLoadOfAllFoldsButTheFirst) {
  SystolicArraySpec spec = array(8, 8);
  spec.double_buffered = true;
  // 4 x 2 folds of 100 rows: 8 load + 8 x 100 + 7 skew + 7 drain.
  EXPECT_EQ(matrix_cycles(spec, Dataflow::weight_stationary, DType::fp16, 100, 16, 32),
            Cycles{8 + 8 * 100 + 14});
  // With 3 rows to stream the load of 8 sets the pace, but for the last fold, which no load follows.
  EXPECT_EQ(matrix_cycles(spec, Dataflow::weight_stationary, DType::fp16, 3, 16, 32),
            Cycles{8 + 7 * 8 + 3 + 14});
}

TEST(SystolicTiming, SeveralArraysShareTheFolds) {
  SystolicArraySpec spec = array(16, 16);
  spec.count = 4;
  const Cycles one = matrix_cycles(array(16, 16), Dataflow::output_stationary, DType::fp16, 64, 64, 50);
  EXPECT_EQ(4 * matrix_cycles(spec, Dataflow::output_stationary, DType::fp16, 64, 64, 50), one);
}

TEST(SystolicTiming, HalfRateFormatTakesTwiceAsLong) {
  SystolicArraySpec spec = array(16, 16);
  spec.rates[static_cast<std::size_t>(DType::fp32)] = 0.5;
  EXPECT_EQ(matrix_cycles(spec, Dataflow::weight_stationary, DType::fp32, 64, 64, 64),
            2 * matrix_cycles(spec, Dataflow::weight_stationary, DType::fp16, 64, 64, 64));
}

}  // namespace
}  // namespace orrery::test
