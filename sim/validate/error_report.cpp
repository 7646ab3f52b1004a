#include "sim/validate/error_report.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "sim/describe/fields.h"
#include "sim/report/text_table.h"

namespace orrery {
namespace {

struct WorstRow {
  std::string row;
  double measured = 0, simulated = 0, error = 0;
  std::string split;
};

std::string place(const ValidatedRow& row) {
  return row.file + ":" + std::to_string(row.line);
}

std::string percent(const ErrorGroup& group, double ErrorFigures::*figure) {
  return group.errors ? fmt::format("{:.1f} %", 100 * ((*group.errors).*figure)) : "-";
}

template <class Figure>
std::optional<double> of(const GroupReport& report, Figure figure) {
  return report.group.errors ? std::optional<double>((*report.group.errors).*figure) : std::nullopt;
}

}  // namespace

template <>
const Table& table_of<WorstRow>() {
  static const Table table = [] {
    Fields<WorstRow> f("a row far off");
    f.results();
    f.key("row", &WorstRow::row, "", "file and line");
    f.key("measured", &WorstRow::measured, "", "in the row's unit");
    f.key("simulated", &WorstRow::simulated, "", "in the row's unit");
    f.key("error", &WorstRow::error, "share", "of the measured value");
    f.key("split", &WorstRow::split, "", "where the simulated time went");
    return Table(f);
  }();
  return table;
}

template <>
const Table& table_of<GroupReport>() {
  static const Table table = [] {
    using G = GroupReport;
    Fields<G> f("errors of a group of rows: (simulated - measured) / measured");
    f.results();
    f.figure(
        "group", [](const G& g) { return g.group.group; }, "", "the columns that it shares");
    f.figure(
        "quantity", [](const G& g) { return g.group.quantity; }, "", "that is compared");
    f.figure(
        "n", [](const G& g) { return g.group.n; }, "", "rows");
    f.figure(
        "failed", [](const G& g) { return g.group.failed; }, "", "that could not be simulated");
    f.figure(
        "bias", [](const G& g) { return of(g, &ErrorFigures::bias); }, "share", "mean error");
    f.figure(
        "median_abs", [](const G& g) { return of(g, &ErrorFigures::median_abs); }, "share",
        "median of absolute errors");
    f.figure(
        "mean_abs", [](const G& g) { return of(g, &ErrorFigures::mean_abs); }, "share",
        "mean of absolute errors");
    f.figure(
        "p90_abs", [](const G& g) { return of(g, &ErrorFigures::p90_abs); }, "share",
        "that nine of ten rows stay below");
    f.figure(
        "in_band",
        [](const G& g) { return g.group.errors ? g.group.errors->in_band : std::optional<double>(); },
        "share", "of the rows, inside the band that their answer is given with (expected_error)");
    f.figure(
        "band", [](const G& g) { return g.group.errors ? g.group.errors->band : std::optional<double>(); },
        "share", "half-width of that band, median of the rows");
    f.other("worst", Shape::list(Shape::object(&table_of<WorstRow>)), "", "rows, the worst first").optional();
    f.written([](const G& g) {
      nlohmann::ordered_json rows;  // null: none were asked for
      for (const ValidatedRow& r : g.worst)
        rows.push_back(written(WorstRow{place(r), r.measured, r.simulated, r.error(), r.split}));
      return rows;
    });
    return Table(f);
  }();
  return table;
}

std::vector<GroupReport> group_reports(std::vector<ValidatedRow> rows, std::size_t worst) {
  std::vector<GroupReport> reports;
  for (ErrorGroup& group : error_groups(rows)) reports.push_back({std::move(group), {}});
  std::stable_sort(rows.begin(), rows.end(), [](const ValidatedRow& a, const ValidatedRow& b) {
    return std::abs(a.error()) > std::abs(b.error());
  });
  for (GroupReport& report : reports) {
    for (const ValidatedRow& row : rows) {
      const bool of_it = row.group == report.group.group && row.quantity == report.group.quantity;
      if (of_it && row.failure.empty() && report.worst.size() < worst) report.worst.push_back(row);
    }
  }
  return reports;
}

nlohmann::ordered_json errors_json(const std::vector<GroupReport>& reports) {
  return written(reports);
}

std::string errors_table(const std::vector<GroupReport>& reports) {
  std::vector<std::vector<std::string>> table = {
      {"group", "quantity", "n", "failed", "bias", "median", "mean", "p90", "in band", "band"}};
  const auto known = [](const ErrorGroup& group, std::optional<double> ErrorFigures::*figure) {
    const std::optional<double> share = group.errors ? (*group.errors).*figure : std::nullopt;
    return share ? fmt::format("{:.0f} %", 100 * *share) : std::string("-");
  };
  std::vector<std::vector<std::string>> bad = {{"row", "group", "measured", "simulated", "error", "time"}};
  for (const auto& [g, worst] : reports) {
    table.push_back({g.group, to_string(g.quantity), std::to_string(g.n), std::to_string(g.failed),
                     percent(g, &ErrorFigures::bias), percent(g, &ErrorFigures::median_abs),
                     percent(g, &ErrorFigures::mean_abs), percent(g, &ErrorFigures::p90_abs),
                     known(g, &ErrorFigures::in_band), known(g, &ErrorFigures::band)});
    for (const ValidatedRow& row : worst)
      bad.push_back({place(row), row.group, fmt::format("{:.5g}", row.measured),
                     fmt::format("{:.5g}", row.simulated), fmt::format("{:.1f} %", 100 * row.error()),
                     row.split});
  }
  return format_table(table) + (bad.size() > 1 ? "\n" + format_table(bad) : "");
}

Plot scatter_plot(const std::vector<ValidatedRow>& rows) {
  Plot plot;
  plot.title = "simulated against measured";
  plot.x_label = "measured";
  plot.y_label = "simulated";
  plot.log_x = plot.log_y = plot.diagonal = true;
  plot.band = 0.1;
  for (const ValidatedRow& row : rows) {
    if (!row.failure.empty()) continue;
    const std::string name = row.group;
    auto series =
        std::find_if(plot.series.begin(), plot.series.end(), [&](const auto& s) { return s.name == name; });
    if (series == plot.series.end())
      series = plot.series.insert(plot.series.end(), PlotSeries{name, {}, false});
    series->points.push_back({row.measured, row.simulated});
  }
  return plot;
}

}  // namespace orrery
