#include "sim/timing/crossbar_timing.h"

#include <gtest/gtest.h>

#include "sim/timing/matrix_timing.h"

namespace orrery::test {
namespace {

// 128 x 128 cells of two bits, inputs bit by bit, an ADC a crossbar.
CrossbarSpec crossbars(std::uint32_t count, std::uint32_t in_place) {
  CrossbarSpec spec;
  spec.count = count;
  spec.in_place = in_place;
  spec.rows = spec.cols = 128;
  spec.cell_bits = 2;
  spec.dac_bits = 1;
  spec.columns_per_adc = 128;
  spec.read_cycles = 10;
  spec.write_cycles = 3;
  spec.rates[static_cast<std::size_t>(DType::int8)] = 1;
  return spec;
}

Cycles cycles(const CrossbarSpec& spec, std::uint64_t m, std::uint64_t n, std::uint64_t k, bool in_place) {
  return matrix_cycles(spec, DType::int8, m, n, k, in_place);
}

TEST(CrossbarTiming, AVectorTakesAllItsBitsAndAllColumnsOfAnAdc) {
  CrossbarSpec spec = crossbars(200, 150);
  EXPECT_EQ(crossbars_of(spec, 768, 768), 144U);
  EXPECT_EQ(cycles(spec, 512, 768, 768, true), Cycles{512 * 8 * 128});
  EXPECT_EQ(cycles(spec, 1, 8, 128, true), Cycles{8 * 32});  // eight weights, 32 columns
  spec.columns_per_adc = 4;                                  // settling binds
  EXPECT_EQ(cycles(spec, 1, 768, 768, true), Cycles{8 * 10});
  spec.copies = 2;
  EXPECT_EQ(cycles(spec, 511, 768, 768, true), Cycles{256 * 8 * 10});
}

// 0.9999^128 of 128 columns are expected whole: 126, four a weight.
TEST(CrossbarTiming, SpareAndFaultyColumnsHoldNoWeights) {
  CrossbarSpec spec = crossbars(200, 150);
  EXPECT_EQ(spec.weights_across(), 32U);
  spec.faulty_share = 1e-4;
  EXPECT_EQ(spec.usable_cols(), 126U);
  EXPECT_EQ(spec.weights_across(), 31U);
  EXPECT_EQ(crossbars_of(spec, 768, 768), 6U * 25);
  spec.spare_cols = 8;  // replace more than there are faulty ones
  EXPECT_EQ(spec.usable_cols(), 120U);
  EXPECT_EQ(cycles(spec, 1, 768, 128, true), Cycles{8 * 120});
  spec.faulty_share = 1e-2;  // 0.99^128 of 128
  EXPECT_EQ(spec.usable_cols(), 35U);
  // Three columns that no weight fits into are not read: the peak is what a stream reaches.
  EXPECT_DOUBLE_EQ(macs_per_cycle(spec, DType::int8), 200.0 * 128 * 8 / (8 * 32));
  EXPECT_EQ(cycles(spec, 100, 8, 128, true), Cycles{100 * 8 * 32});
  spec.spare_cols = 0;
  spec.faulty_share = 1e-12;
  EXPECT_EQ(spec.usable_cols(), 128U);
}

TEST(CrossbarTiming, WhatIsNotInPlaceIsWrittenInTurns) {
  CrossbarSpec spec = crossbars(4, 0);
  const Cycles vector{8 * 128};
  // Six crossbars in two turns of up to four, each written row by row.
  EXPECT_EQ(cycles(spec, 10, 64, 384, false), 2 * (Cycles{3 * 128} + 10 * vector));
  spec.double_buffered = true;
  EXPECT_EQ(cycles(spec, 10, 64, 384, false), Cycles{3 * 128} + 20 * vector);
  // One crossbar's worth is there four times.
  EXPECT_EQ(cycles(spec, 10, 32, 128, false), Cycles{3 * 128} + 3 * vector);
}

TEST(CrossbarTiming, ConversionsAndWritesAreCounted) {
  const CrossbarSpec spec = crossbars(8, 4);
  const Conversions still = conversions(spec, 100, 40, 300, true);
  EXPECT_EQ(still.dac, 100U * 300 * 8 * 2);     // two crossbars across
  EXPECT_EQ(still.adc, 100U * 40 * 4 * 8 * 3);  // four cells a weight, three crossbars down
  EXPECT_EQ(still.cells_written, 0U);
  EXPECT_EQ(conversions(spec, 100, 40, 300, false).cells_written, 40U * 300 * 4);
  EXPECT_EQ(conversions(spec, 100, 32, 128, false).cells_written, 32U * 128 * 4 * 4);  // four copies
}

TEST(CrossbarTiming, IsOneOfTheEngines) {
  const MatrixEngineSpec engine = crossbars(200, 150);
  EXPECT_EQ(matrix_cycles(engine, Dataflow::weight_stationary, DType::int8, 2, 768, 768, true),
            Cycles{2 * 8 * 128});
  EXPECT_EQ(dataflows(engine), std::vector<Dataflow>{Dataflow::weight_stationary});
  EXPECT_EQ(issued_macs(engine, Dataflow::weight_stationary, DType::int8, 2, 33, 129), 4U * 128 * 32);
  EXPECT_NEAR(macs_per_cycle(engine, DType::int8), 200.0 * 128 * 32 / (8 * 128), 1e-9);
  EXPECT_EQ(macs_per_cycle(engine, DType::fp16), 0);
}

}  // namespace
}  // namespace orrery::test
