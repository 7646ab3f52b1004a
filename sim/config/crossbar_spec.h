#pragma once
// Crossbars: arrays of memory cells that multiply where they lie. Inputs drive the rows a few bits at a time,
// a weight's bits lie in cells of neighbouring columns, sums of a column are converted by an ADC that columns
// share.

#include <cstdint>

#include "sim/util/dtype.h"
#include "sim/util/units.h"

namespace orrery {

struct CrossbarSpec {
  std::uint32_t count = 1;     // a core
  std::uint32_t in_place = 0;  // of them, that hold weights for good; the others are written as they run
  std::uint32_t copies = 1;    // of a weight held in place, that share its inputs
  std::uint32_t rows = 0, cols = 0;  // cells
  std::uint32_t spare_cols = 0;      // of them, that take the place of faulty ones
  double faulty_share = 0;           // of the cells, that hold what they were made with
  std::uint32_t cell_bits = 1, weight_bits = 8;
  std::uint32_t input_bits = 8, dac_bits = 1;
  std::uint32_t adc_bits = 8;
  std::uint32_t columns_per_adc = 1;
  double read_cycles = 1;        // until a column's current has settled
  double adc_cycles = 1;         // a conversion
  double write_cycles = 1;       // a row of cells
  bool double_buffered = false;  // the next operand is written beside the current stream
  DTypeRates rates{};
  double cell_mac_pj = 0;       // a weight's cells and an input, all bits of both
  double cell_write_pj = 0;     // a cell
  double adc_fj_per_step = 0;   // of 2^adc_bits a conversion; 0 = the energy table's
  double endurance_writes = 0;  // of a cell, until it wears out; 0 = not said
  double array_mm2 = 0;         // of a crossbar with its converters; 0 = as other multipliers

  std::uint32_t columns_per_weight() const { return ceil_div(weight_bits, cell_bits); }
  // Columns that hold weights: all but the spare ones, and no more than are expected to be without a fault.
  std::uint32_t usable_cols() const;
  std::uint32_t weights_across() const { return usable_cols() / columns_per_weight(); }
  std::uint32_t phases() const { return ceil_div(input_bits, dac_bits); }
  // Cycles of one input vector through a crossbar of which so many columns are read.
  double vector_cycles(std::uint64_t columns) const;
};

}  // namespace orrery
