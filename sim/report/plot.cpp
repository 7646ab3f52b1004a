#include "sim/report/plot.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace orrery {
namespace {

using nlohmann::ordered_json;

constexpr int kWidth = 620, kHeight = 340, kBarHeight = 26;

// Okabe and Ito, Color Universal Design (2008): told apart by the colour-blind, too.
ordered_json colours() {
  return {"#0072B2", "#E69F00", "#009E73", "#CC79A7", "#56B4E9",
          "#D55E00", "#999999", "#F0E442", "#8c6d31", "#6b6ecf"};
}

ordered_json frame(const std::string& title, int width, int height) {
  return {{"$schema", "https://vega.github.io/schema/vega/v5.json"},
          {"description", title},
          {"width", width},
          {"height", height},
          {"padding", 8},
          {"autosize", {{"type", "fit"}, {"contains", "padding"}}},
          {"title", {{"text", title}, {"anchor", "start"}, {"fontSize", 13}}}};
}

ordered_json field(const char* scale, const char* name) {
  return {{"scale", scale}, {"field", name}};
}

// Least and most of what an axis shows.
struct Span {
  double least = std::numeric_limits<double>::infinity(), most = -std::numeric_limits<double>::infinity();

  void include(double value) {
    least = std::min(least, value);
    most = std::max(most, value);
  }
  ordered_json domain(bool logarithmic) const {
    if (most < least) return {logarithmic ? 0.1 : 0.0, 1.0};
    const double from = logarithmic ? least : std::min(least, 0.0);
    return {from, most > from ? most : from + std::max(1.0, std::abs(from))};
  }
};

ordered_json scale_of(const char* name, const char* range, bool logarithmic, const ordered_json& domain) {
  ordered_json scale = {
      {"name", name}, {"type", logarithmic ? "log" : "linear"}, {"range", range}, {"domain", domain}};
  scale["nice"] = true;
  scale["zero"] = false;
  if (logarithmic) scale.erase("zero");
  return scale;
}

ordered_json axis_of(const char* orient, const char* scale, const std::string& title) {
  return {{"orient", orient}, {"scale", scale}, {"title", title},           {"grid", true},
          {"tickCount", 6},   {"format", "~s"}, {"labelOverlap", "greedy"}, {"gridOpacity", 0.4}};
}

ordered_json legend() {
  return {{"fill", "colour"}, {"orient", "right"}, {"symbolType", "square"}, {"labelLimit", 240}};
}

// A mark for each row of `data`, with what it is drawn by.
ordered_json mark(const char* type, const char* data, const ordered_json& enter, bool clipped = false) {
  ordered_json m = {{"type", type}};
  if (clipped) m["clip"] = true;
  m["from"] = {{"data", data}};
  m["encode"] = {{"enter", enter}};
  return m;
}

// Each name once, in the order in which they come.
void add_name(ordered_json& names, const std::string& name) {
  if (std::find(names.begin(), names.end(), name) == names.end()) names.push_back(name);
}

}  // namespace

ordered_json vega_of(const Plot& plot) {
  ordered_json rows = ordered_json::array();
  ordered_json families = ordered_json::array();
  Span x;
  Span y;
  const auto shows = [](double value, bool logarithmic) {
    return std::isfinite(value) && (!logarithmic || value > 0);
  };
  for (const PlotSeries& series : plot.series) {
    const std::string family = series.family.empty() ? series.name : series.family;
    add_name(families, family);
    for (const auto& [at, value] : series.points) {
      if (!shows(at, plot.log_x) || !shows(value, plot.log_y)) continue;
      rows.push_back({{"series", series.name},
                      {"family", family},
                      {"label", series.label},
                      {"x", at},
                      {"y", value},
                      {"joined", series.joined}});
      x.include(at);
      y.include(value);
    }
  }
  if (plot.diagonal) {
    for (const double end : {x.least, x.most, y.least, y.most}) {
      if (!std::isfinite(end)) continue;
      x.include(end);
      y.include(end);
    }
  }
  ordered_json spec = frame(plot.title, kWidth, kHeight);
  spec["data"] = {{{"name", "points"}, {"values", rows}},
                  {{"name", "joined"},
                   {"source", "points"},
                   {"transform", ordered_json::array({{{"type", "filter"}, {"expr", "datum.joined"}}})}}};
  spec["scales"] = {scale_of("x", "width", plot.log_x, x.domain(plot.log_x)),
                    scale_of("y", "height", plot.log_y, y.domain(plot.log_y)),
                    {{"name", "colour"}, {"type", "ordinal"}, {"domain", families}, {"range", colours()}}};
  spec["axes"] = {axis_of("bottom", "x", plot.x_label), axis_of("left", "y", plot.y_label)};
  spec["legends"] = ordered_json::array({legend()});
  spec["marks"] = ordered_json::array();
  if (plot.diagonal) {
    ordered_json ends = ordered_json::array();
    for (const double end : {std::min(x.least, y.least), std::max(x.most, y.most)}) {
      if (std::isfinite(end))
        ends.push_back({{"x", end}, {"low", end * (1 - plot.band)}, {"high", end * (1 + plot.band)}});
    }
    spec["data"].push_back({{"name", "ends"}, {"values", ends}});
    if (plot.band > 0) {
      spec["marks"].push_back(mark("area", "ends",
                                   {{"x", field("x", "x")},
                                    {"y", field("y", "low")},
                                    {"y2", field("y", "high")},
                                    {"fill", {{"value", "#888888"}}},
                                    {"fillOpacity", {{"value", 0.2}}}},
                                   true));
    }
    spec["marks"].push_back(mark("line", "ends",
                                 {{"x", field("x", "x")},
                                  {"y", field("y", "x")},
                                  {"stroke", {{"value", "#888888"}}},
                                  {"strokeDash", {{"value", ordered_json::array({4, 3})}}}},
                                 true));
  }
  const ordered_json tooltip = {
      {"signal", "datum.series + ': ' + format(datum.x, '.4~s') + ', ' + format(datum.y, '.4~s')"}};
  ordered_json lines = {{"type", "group"},
                        {"from", {{"facet", {{"name", "line"}, {"data", "joined"}, {"groupby", "series"}}}}}};
  lines["marks"] = ordered_json::array({mark("line", "line",
                                             {{"x", field("x", "x")},
                                              {"y", field("y", "y")},
                                              {"stroke", field("colour", "family")},
                                              {"strokeWidth", {{"value", 2}}}})});
  spec["marks"].push_back(lines);
  spec["marks"].push_back(mark("symbol", "points",
                               {{"x", field("x", "x")},
                                {"y", field("y", "y")},
                                {"fill", field("colour", "family")},
                                {"size", {{"signal", "datum.joined ? 20 : 50"}}},
                                {"tooltip", tooltip}}));
  spec["marks"].push_back(mark("text", "points",
                               {{"x", field("x", "x")},
                                {"y", field("y", "y")},
                                {"dx", {{"value", 7}}},
                                {"baseline", {{"value", "middle"}}},
                                {"fontSize", {{"value", 10}}},
                                {"text", {{"field", "label"}}},
                                {"fill", field("colour", "family")}}));
  return spec;
}

ordered_json vega_of(const BarPlot& plot) {
  ordered_json values = ordered_json::array();
  ordered_json rows = ordered_json::array();
  ordered_json parts = ordered_json::array();
  for (const BarPlot::Part& p : plot.parts) {
    if (!std::isfinite(p.value) || p.value <= 0) continue;
    values.push_back({{"row", p.row}, {"part", p.part}, {"value", p.value}});
    add_name(rows, p.row);
    add_name(parts, p.part);
  }
  for (ordered_json& v : values)
    v["order"] = std::find(parts.begin(), parts.end(), v["part"]) - parts.begin();
  ordered_json spec = frame(plot.title, kWidth, std::max(2, static_cast<int>(rows.size())) * kBarHeight + 60);
  const ordered_json stack = {{"type", "stack"},
                              {"groupby", ordered_json::array({"row"})},
                              {"sort", {{"field", "order"}}},
                              {"field", "value"}};
  const ordered_json bars = {
      {"name", "bars"}, {"values", values}, {"transform", ordered_json::array({stack})}};
  spec["data"] = ordered_json::array({bars});
  spec["scales"] = {
      {{"name", "row"}, {"type", "band"}, {"domain", rows}, {"range", "height"}, {"padding", 0.25}},
      {{"name", "value"},
       {"type", "linear"},
       {"domain", {{"data", "bars"}, {"field", "y1"}}},
       {"range", "width"},
       {"nice", true},
       {"zero", true}},
      {{"name", "colour"}, {"type", "ordinal"}, {"domain", parts}, {"range", colours()}}};
  ordered_json left = {{"orient", "left"}, {"scale", "row"}, {"labelLimit", 220}};
  spec["axes"] = {axis_of("bottom", "value", plot.unit), left};
  spec["legends"] = ordered_json::array({legend()});
  spec["marks"] = ordered_json::array({mark(
      "rect", "bars",
      {{"y", field("row", "row")},
       {"height", {{"scale", "row"}, {"band", 1}}},
       {"x", field("value", "y0")},
       {"x2", field("value", "y1")},
       {"fill", field("colour", "part")},
       {"tooltip", {{"signal", "datum.row + ', ' + datum.part + ': ' + format(datum.value, '.4~s')"}}}})});
  return spec;
}

}  // namespace orrery
