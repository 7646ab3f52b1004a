#include "sim/report/text_table.h"

#include <gtest/gtest.h>

namespace orrery::test {
namespace {

TEST(TextTable, NumbersAsPeopleWriteThem) {
  EXPECT_EQ(people(2226812), "2,227,000");
  EXPECT_EQ(people(621.5483450614984), "621.5");
  EXPECT_EQ(people(0.01234, 3), "0.0123");
  EXPECT_EQ(people(99999.6), "100,000");
  EXPECT_EQ(people(1200), "1,200");
  EXPECT_EQ(people(21.0337167603, 3), "21");
  EXPECT_EQ(people(2.5), "2.5");
  EXPECT_EQ(people(-54321, 3), "-54,300");
  EXPECT_EQ(people(12345.678, 7), "12,345.68");
  EXPECT_EQ(people(0), "0");
  EXPECT_EQ(people(1.5e-9), "1.5e-09");
}

TEST(TextTable, CountsHaveTheirThousandsApart) {
  EXPECT_EQ(grouped(6738415616), "6,738,415,616");
  EXPECT_EQ(grouped(999), "999");
  EXPECT_EQ(grouped(1000), "1,000");
}

}  // namespace
}  // namespace orrery::test
