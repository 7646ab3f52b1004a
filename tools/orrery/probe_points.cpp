#include "tools/orrery/probe_points.h"

#include <fmt/format.h>

#include "sim/engine/isolate.h"
#include "sim/report/text_table.h"
#include "tools/orrery/question_options.h"

namespace orrery {
namespace {

std::string table_of(const std::vector<ProbeRow>& rows) {
  // What is the same in all rows goes above the table.
  std::string head;
  std::vector<std::vector<std::string>> table(1);
  const auto text = [](const ProbeRow& value) {
    if (value.is_number_float()) return fmt::format("{:.5g}", value.get<double>());
    return value.is_string() ? value.get<std::string>() : value.dump();
  };
  std::vector<std::string> columns;
  for (const auto& [key, value] : rows.front().items()) {
    if (key == "schema" || key == "kind" || value.is_array()) continue;
    bool same = rows.size() > 1;
    for (const ProbeRow& row : rows) same = same && row[key] == value;
    if (same) {
      head += fmt::format("{}: {}\n", key, text(value));
    } else {
      columns.push_back(key);
      table[0].push_back(key);
    }
  }
  if (rows.size() == 1) {
    std::vector<std::vector<std::string>> lines;
    for (const auto& [key, value] : rows.front().items()) {
      if (key == "schema" || key == "kind") continue;
      if (value.is_array()) {
        for (const ProbeRow& level : value) {
          for (const auto& [k, v] : level.items())
            if (k != "level") lines.push_back({level["level"].get<std::string>() + " " + k, text(v)});
        }
      } else {
        lines.push_back({key, text(value)});
      }
    }
    return format_table(lines);
  }
  for (const ProbeRow& row : rows) {
    std::vector<std::string> cells;
    for (const std::string& c : columns) cells.push_back(text(row[c]));
    table.push_back(cells);
  }
  return head + "\n" + format_table(table);
}

}  // namespace

std::uint32_t small(const po::variables_map& values, const char* option, std::uint32_t least,
                    std::uint32_t most) {
  return static_cast<std::uint32_t>(whole_between(values, option, least, most));
}

ArchSpec probed_machine(const po::variables_map& values) {
  return posed_from(values["arch"].as<std::string>(), values).arch;
}

bool probes_machine(const po::variables_map& values, const char* other) {
  const bool machine = values.count("arch") != 0;
  if (machine == (values.count(other) != 0)) throw UsageError(fmt::format("give --{} or --arch", other));
  if (!machine && values.count(kPatches) != 0) throw UsageError("KEY=VALUE changes a machine: give --arch");
  return machine;
}

Plot titled(const std::string& title) {
  Plot plot;
  plot.title = title;
  return plot;
}

void add_common(po::options_description& options, bool fidelity) {
  options.add_options()("sweep", "a curve instead of one point");
  add_plot(options, "draw it (with --sweep)");
  add_jobs(options, "points at a time");
  add_format(options);
  options.add(patch_options());
  if (fidelity) {
    options.add_options()("fidelity", po::value<std::string>()->default_value("cycle")->value_name("F"),
                          "cycle (commands, flits) or tile (calendars)");
  }
}

int run_points(const po::variables_map& values, const std::vector<std::function<ProbeRow()>>& points,
               Plot plot, const std::string& x, const std::vector<std::string>& ys) {
  const OutputFormat format = format_from(values);
  if (values.count("plot") != 0 && values.count("sweep") == 0) throw UsageError("--plot needs --sweep");
  check_plot(values);
  std::vector<std::function<std::string()>> tasks;
  for (const auto& point : points) tasks.push_back([&point] { return point().dump(); });
  std::vector<ProbeRow> rows;
  for (const std::string& answer : run_isolated(tasks, jobs_from(values)))
    rows.push_back(ProbeRow::parse(answer));
  if (values.count("plot") != 0) {
    for (const std::string& y : ys) {
      PlotSeries series{y, {}};
      for (const ProbeRow& row : rows) {
        if (row[x].is_number() && row[y].is_number())
          series.points.push_back({row[x].get<double>(), row[y].get<double>()});
      }
      plot.series.push_back(series);
    }
    plot.x_label = x;
    plot.y_label = ys.size() == 1 ? ys[0] : "";
    draw_plot(values, plot);
  }
  const ProbeRow result = values.count("sweep") != 0 ? ProbeRow(rows) : rows.front();
  print_result(format, result, [&] { return table_of(rows); });
  return 0;
}

}  // namespace orrery
