#include "sim/validate/cells.h"

#include <gtest/gtest.h>

#include "tests/support/config_error.h"

namespace orrery::test {
namespace {

const CsvRow kCells = {{"empty", ""},     {"m", "4096"},        {"part", "1.5"},    {"dtype", "fp8"},
                       {"causal", "yes"}, {"includes", "a, b"}, {"launch", "graph"}};

TEST(Cells, EmptyOnesTakeTheFallback) {
  EXPECT_EQ(whole_in(kCells, "empty", 7), 7U);
  EXPECT_EQ(number_in(kCells, "absent", 0.5), 0.5);
  EXPECT_EQ(dtype_in(kCells, "empty", DType::bf16), DType::bf16);
  EXPECT_TRUE(truth_in(kCells, "absent", true));
  EXPECT_EQ(word_in(kCells, "empty", {"cold", "warm"}), "cold");
  EXPECT_TRUE(list_in(kCells, "empty").empty());
}

TEST(Cells, SayWhatTheyHold) {
  EXPECT_EQ(whole_in(kCells, "m"), 4096U);
  EXPECT_EQ(dtype_in(kCells, "dtype", DType::bf16), DType::fp8);
  EXPECT_TRUE(truth_in(kCells, "causal", false));
  EXPECT_EQ(list_in(kCells, "includes"), (std::vector<std::string>{"a", "b"}));
}

TEST(Cells, NameTheColumnThatIsWrong) {
  EXPECT_NE(config_error([] { whole_in(kCells, "part"); }).find("column part"), std::string::npos);
  EXPECT_NE(config_error([] { needed_in(kCells, "empty"); }).find("column empty"), std::string::npos);
  EXPECT_NE(config_error([] { truth_in(kCells, "m", true); }).find("column m"), std::string::npos);
  EXPECT_NE(config_error([] { dtype_in(kCells, "launch", DType::bf16); }).find("column launch"),
            std::string::npos);
  EXPECT_NE(config_error([] {
              word_in(kCells, "launch", {"cold", "warm"});
            }).find("column launch"),
            std::string::npos);
}

}  // namespace
}  // namespace orrery::test
