#include "sim/report/plot.h"

#include <gtest/gtest.h>

#include <limits>

namespace orrery::test {
namespace {

TEST(Plot, LeavesOutWhatAnAxisCannotShow) {
  Plot plot;
  plot.log_x = true;
  plot.series = {{"a", {{0, 1}, {10, 2}, {100, std::numeric_limits<double>::infinity()}, {1000, 3}}},
                 {"b", {}}};
  const auto spec = vega_of(plot);
  const auto& points = spec["data"][0]["values"];
  ASSERT_EQ(points.size(), 2U);
  EXPECT_EQ(points[0]["x"], 10.0);
  EXPECT_EQ(points[1]["y"], 3.0);
  EXPECT_EQ(spec["scales"][0]["type"], "log");
  EXPECT_EQ(spec["scales"][0]["domain"][0], 10.0);
  EXPECT_EQ(spec["scales"][0]["domain"][1], 1000.0);
  EXPECT_EQ(spec["scales"][1]["type"], "linear");
  EXPECT_EQ(spec["scales"][1]["domain"][0], 0.0);
  EXPECT_EQ(spec["scales"][2]["domain"].size(), 2U);
}

TEST(Plot, ABandLiesAboutTheDiagonal) {
  Plot plot;
  plot.diagonal = true;
  plot.band = 0.1;
  plot.log_x = plot.log_y = true;
  plot.series = {{"rows", {{1, 2}, {10, 8}}, false}};
  const auto spec = vega_of(plot);
  const auto& ends = spec["data"].back()["values"];
  ASSERT_EQ(ends.size(), 2U);
  EXPECT_DOUBLE_EQ(ends[0]["x"], 1);
  EXPECT_DOUBLE_EQ(ends[1]["x"], 10);
  EXPECT_DOUBLE_EQ(ends[1]["high"], 11);
  EXPECT_DOUBLE_EQ(ends[1]["low"], 9);
  EXPECT_EQ(spec["marks"][0]["type"], "area");
  EXPECT_EQ(spec["data"][0]["values"][0]["joined"], false);
}

TEST(Plot, BarsStackInTheOrderInWhichPartsCome) {
  const auto spec =
      vega_of(BarPlot{"t", "s", {{"a", "x", 1}, {"a", "y", 2}, {"b", "y", 3}, {"b", "z", 0}, {"b", "x", 4}}});
  const auto& bars = spec["data"][0]["values"];
  ASSERT_EQ(bars.size(), 4U);  // nothing is no bar
  EXPECT_EQ(bars[2]["order"], 1);
  EXPECT_EQ(bars[3]["order"], 0);
  EXPECT_EQ(spec["scales"][0]["domain"], nlohmann::ordered_json({"a", "b"}));
  EXPECT_EQ(spec["scales"][2]["domain"], nlohmann::ordered_json({"x", "y"}));
}

}  // namespace
}  // namespace orrery::test
