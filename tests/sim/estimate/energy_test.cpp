#include "sim/estimate/energy.h"

#include <gtest/gtest.h>

#include "tests/support/small_machine.h"

namespace orrery::test {
namespace {

TEST(Energy, IsTheSumOfItsParts) {
  const ArchSpec arch = small_machine();
  ActivityCounts counts;
  counts.macs[static_cast<std::size_t>(DType::fp16)] = 1000;
  counts.scratchpad_read_bytes = 100;
  counts.dram_read_bytes = 10;
  counts.dram_write_bytes = 5;
  counts.noc_bytes = 20;
  const EnergyBreakdown e = energy(counts, 2.0, 3, arch);
  EXPECT_DOUBLE_EQ(e.compute, 3 * 1000e-12);
  EXPECT_DOUBLE_EQ(e.sram, 3 * 800 * 0.1e-12);
  EXPECT_DOUBLE_EQ(e.dram, 3 * 15 * 8 * 18e-12);
  EXPECT_DOUBLE_EQ(e.noc, 3 * 160 * 0.1e-12);
  EXPECT_DOUBLE_EQ(e.static_power, 3 * 2.0 * 1.0);
  EXPECT_NEAR(e.total(), e.compute + e.sram + e.dram + e.noc + e.link + e.static_power, 1e-9 * e.total());
}

TEST(Energy, InterpolatesSramInTheLogarithmOfItsSize) {
  EnergyTable table;
  table.sram_pj_per_bit = {{8, 0.1}, {128, 0.3}};
  EXPECT_DOUBLE_EQ(sram_pj_per_bit(table, 4), 0.1);
  EXPECT_DOUBLE_EQ(sram_pj_per_bit(table, 32), 0.2);
  EXPECT_DOUBLE_EQ(sram_pj_per_bit(table, 1024), 0.3);
}

}  // namespace
}  // namespace orrery::test
