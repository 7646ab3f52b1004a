#include "sim/estimate/wear.h"

#include <gtest/gtest.h>

#include "tests/support/small_machine.h"

namespace orrery::test {
namespace {

// 2 cores of 3 crossbars that are written, 8 x 4 cells each: 192 cells, written 1,000 times each in a second.
TEST(Wear, CellsLastAsLongAsTheirWritesAreSpread) {
  ArchSpec arch = small_machine();
  arch.cores.count = 2;
  CrossbarSpec crossbar;
  crossbar.count = 5;
  crossbar.in_place = 2;
  crossbar.rows = 8;
  crossbar.cols = 5;
  crossbar.spare_cols = 1;
  crossbar.endurance_writes = 1e6;
  arch.cores.matrix = crossbar;
  ActivityCounts counts;
  counts.cells_written = 192'000;
  constexpr double kYear = 31'557'600;
  EXPECT_DOUBLE_EQ(cell_life_years(arch, counts, 1).value(), 1000 / kYear);
  EXPECT_DOUBLE_EQ(cell_life_years(arch, counts, 10).value(), 10'000 / kYear);
  counts.cells_written = 0;
  EXPECT_FALSE(cell_life_years(arch, counts, 1).has_value());
  counts.cells_written = 1;
  std::get<CrossbarSpec>(arch.cores.matrix).endurance_writes = 0;
  EXPECT_FALSE(cell_life_years(arch, counts, 1).has_value());
  EXPECT_FALSE(cell_life_years(small_machine(), counts, 1).has_value());
}

}  // namespace
}  // namespace orrery::test
