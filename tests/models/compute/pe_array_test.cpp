// The systolic array element by element: it computes the product, in the cycles of the closed form.

#include <gtest/gtest.h>

#include "models/compute/pe_array.h"
#include "sim/timing/systolic_timing.h"
#include "tests/support/random_operator.h"

namespace orrery::test {
namespace {

void expect_product(std::uint32_t rows, std::uint32_t cols, bool double_buffered, Dataflow dataflow,
                    std::uint64_t m, std::uint64_t n, std::uint64_t k, Random& random,
                    std::uint32_t load_rows = 1, bool by_column = false) {
  std::vector<std::int32_t> a(m * k), b(k * n);
  for (std::int32_t& x : a) x = static_cast<std::int32_t>(random.below(201)) - 100;
  for (std::int32_t& x : b) x = static_cast<std::int32_t>(random.below(201)) - 100;
  std::vector<std::int64_t> c(m * n, 0), expected(m * n, 0);
  for (std::uint64_t i = 0; i < m; ++i) {
    for (std::uint64_t j = 0; j < n; ++j) {
      for (std::uint64_t p = 0; p < k; ++p) expected[i * n + j] += std::int64_t{a[i * k + p]} * b[p * n + j];
    }
  }
  PeArray array(rows, cols, double_buffered, load_rows, by_column);
  const Cycles cycles = array.run(dataflow, {m, n, k, a.data(), b.data(), c.data()});
  SCOPED_TRACE(testing::Message() << rows << "x" << cols << (double_buffered ? ", double buffered, " : ", ")
                                  << static_cast<int>(dataflow) << ": " << m << "x" << n << "x" << k);
  EXPECT_EQ(c, expected);
  SystolicArraySpec spec;
  spec.rows = rows;
  spec.cols = cols;
  spec.double_buffered = double_buffered;
  spec.load_rows = load_rows;
  spec.drains_by_column = by_column;
  spec.rates[static_cast<std::size_t>(DType::int8)] = 1;
  EXPECT_EQ(cycles, matrix_cycles(spec, dataflow, DType::int8, m, n, k) + matrix_latency_cycles(spec));
}

// The next fold follows the columns of the last one's results: nothing is overwritten before it has left.
TEST(PeArray, HandsOverColumnByColumn) {
  Random random(11);
  for (const Dataflow dataflow :
       {Dataflow::output_stationary, Dataflow::weight_stationary, Dataflow::input_stationary}) {
    for (int i = 0; i < 16; ++i) {
      expect_product(2 + static_cast<std::uint32_t>(random.below(8)),
                     1 + static_cast<std::uint32_t>(random.below(9)), false, dataflow, 1 + random.below(30),
                     1 + random.below(30), 1 + random.below(30), random, 1, true);
    }
  }
}

TEST(PeArray, ComputesTheProductInTheCyclesOfTheClosedForm) {
  Random random(5);
  for (const Dataflow dataflow :
       {Dataflow::output_stationary, Dataflow::weight_stationary, Dataflow::input_stationary}) {
    for (const bool double_buffered : {false, true}) {
      expect_product(4, 4, double_buffered, dataflow, 4, 4, 4, random);
      expect_product(1, 1, double_buffered, dataflow, 3, 2, 5, random);
      expect_product(3, 7, double_buffered, dataflow, 1, 1, 1, random);
      for (int i = 0; i < 12; ++i) {
        expect_product(1 + static_cast<std::uint32_t>(random.below(9)),
                       1 + static_cast<std::uint32_t>(random.below(9)), double_buffered, dataflow,
                       1 + random.below(30), 1 + random.below(30), 1 + random.below(30), random);
      }
    }
  }
}

// Rows of the stationary operand that come in side by side: no element is given its next one too early.
TEST(PeArray, LoadsSeveralRowsACycle) {
  Random random(7);
  for (const Dataflow dataflow : {Dataflow::weight_stationary, Dataflow::input_stationary}) {
    for (const bool double_buffered : {false, true}) {
      for (int i = 0; i < 24; ++i) {
        const auto load_rows = 1 + static_cast<std::uint32_t>(random.below(4));
        expect_product(load_rows * (1 + static_cast<std::uint32_t>(random.below(4))),
                       1 + static_cast<std::uint32_t>(random.below(9)), double_buffered, dataflow,
                       1 + random.below(30), 1 + random.below(30), 1 + random.below(30), random, load_rows);
      }
    }
  }
  SystolicArraySpec spec;
  spec.rows = spec.cols = 320;
  spec.double_buffered = true;
  spec.rates[static_cast<std::size_t>(DType::int8)] = 1;
  const auto cycles = [&spec] {
    return matrix_cycles(spec, Dataflow::weight_stationary, DType::int8, 16, 32000, 3200).real();
  };
  const double one = cycles();
  spec.load_rows = 16;  // 20 cycles beside 16 of streaming
  EXPECT_NEAR(cycles() / one, 20.0 / 320, 0.005);
}

// Folds dealt out over several arrays: the first has every `stride`-th.
TEST(PeArray, TakesEveryNthFold) {
  PeArray array(4, 4, false);
  const Cycles one = array.run(Dataflow::output_stationary, {4, 4, 9});
  EXPECT_EQ(array.run(Dataflow::output_stationary, {20, 4, 9}, 2), 3 * one);
}

}  // namespace
}  // namespace orrery::test
