#include "sim/report/result_charts.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>

namespace orrery {
namespace {

using nlohmann::ordered_json;

double number(const ordered_json& object, const char* key) {
  const auto at = object.find(key);
  return at != object.end() && at->is_number() ? at->get<double>() : 0;
}

double of_utilization(const ordered_json& result, const char* key) {
  return result.contains("utilization") ? number(result["utilization"], key) : 0;
}

double latency_s(const ordered_json& result) {
  return result.contains("latency_us") ? 1e-6 * number(result, "latency_us") : number(result, "latency_s");
}

double devices_of(const ordered_json& result) {
  return std::max(1.0, number(result, "devices"));
}

// FLOPS and bytes per second of a device at its peak, from what it did and how busy that kept it.
double peak_flops(const ordered_json& r) {
  const double busy = of_utilization(r, "compute");
  return busy > 0 ? 2 * number(r["counts"], "macs") / busy / latency_s(r) : 0;
}

double peak_bytes(const ordered_json& r) {
  const double busy = of_utilization(r, "dram");
  const double bytes = number(r["counts"], "dram_read_bytes") + number(r["counts"], "dram_write_bytes");
  return busy > 0 ? bytes / busy / latency_s(r) : 0;
}

PlotSeries roof_of(const std::string& machine, double flops, double bytes, double least, double most) {
  const double ridge = flops / bytes;
  const double from = std::min(least, ridge / 4);
  const double to = std::max(most, ridge * 4);
  return {"roof of " + machine, {{from, from * bytes}, {ridge, flops}, {to, flops}}, true, machine};
}

PlotSeries stretches_of(const ordered_json& serving, const char* name, const char* key) {
  PlotSeries series{name, {}};
  for (const ordered_json& s : serving.at("over_time"))
    series.points.emplace_back(number(s, "from_s"), number(s, key));
  return series;
}

}  // namespace

std::vector<std::string> column_names(const Results& results) {
  std::map<std::string, int> times;
  for (const ordered_json& r : results) ++times[r.value("arch", "")];
  std::map<std::string, int> seen;
  std::vector<std::string> names;
  for (const ordered_json& r : results) {
    const std::string arch = r.value("arch", "");
    names.push_back(times[arch] > 1 ? fmt::format("{} ({})", arch, ++seen[arch]) : arch);
  }
  return names;
}

BarPlot split_bars(const Results& results, const std::string& key, const std::string& title,
                   const std::string& unit) {
  BarPlot plot{title, unit, {}};
  const std::vector<std::string> names = column_names(results);
  for (std::size_t i = 0; i < results.size(); ++i) {
    if (!results[i].contains(key)) continue;
    for (const auto& [part, value] : results[i][key].items()) {
      if (part != "total" && value.is_number()) plot.parts.push_back({names[i], part, value.get<double>()});
    }
  }
  return plot;
}

BarPlot operator_bars(const Results& results) {
  BarPlot plot{"time by operator", "s", {}};
  const std::vector<std::string> names = column_names(results);
  for (std::size_t i = 0; i < results.size(); ++i) {
    for (const auto& [phase, figures] : results[i].at("phases").items()) {
      if (figures.is_null()) continue;
      for (const ordered_json& o : figures.at("operators"))
        plot.parts.push_back({names[i] + ", " + phase, o.at("op").get<std::string>(), number(o, "time_s")});
    }
  }
  return plot;
}

BarPlot memory_bars(const Results& results) {
  BarPlot plot{"memory of a device", "bytes", {}};
  const std::vector<std::string> names = column_names(results);
  for (std::size_t i = 0; i < results.size(); ++i) {
    for (const char* part : {"weights", "kv_cache", "activations", "free"})
      plot.parts.push_back({names[i], part, number(results[i].at("memory"), part)});
  }
  return plot;
}

Plot roofline(const Results& results) {
  Plot plot;
  plot.title = "operators under the roof of a device";
  plot.x_label = "FLOP per byte of DRAM";
  plot.y_label = "FLOPS";
  plot.log_x = plot.log_y = true;
  const std::vector<std::string> names = column_names(results);
  for (std::size_t i = 0; i < results.size(); ++i) {
    const ordered_json& r = results[i];
    const double flops = peak_flops(r);
    const double bytes = peak_bytes(r);
    double least = 1;
    double most = 1;
    std::vector<PlotSeries> points;
    const auto add = [&](const std::string& name, const std::string& label, double done, double moved,
                         double seconds) {
      if (done <= 0 || moved <= 0 || seconds <= 0) return;
      points.push_back({name, {{done / moved, done / seconds}}, false, names[i], label});
      least = std::min(least, done / moved);
      most = std::max(most, done / moved);
    };
    if (r.contains("phases")) {
      for (const auto& [phase, figures] : r["phases"].items()) {
        if (figures.is_null()) continue;
        for (const ordered_json& o : figures.at("operators"))
          add(fmt::format("{} {}, {}", phase, o.at("op").get<std::string>(), names[i]),
              fmt::format("{} {}", phase, o.at("op").get<std::string>()), number(o, "flops") / devices_of(r),
              number(o, "dram_bytes") / devices_of(r), number(o, "time_s"));
      }
    } else {
      add(names[i], r.value("op", ""), number(r, "tflops") * 1e12 * latency_s(r), number(r, "dram_bytes"),
          latency_s(r));
    }
    if (flops > 0 && bytes > 0) plot.series.push_back(roof_of(names[i], flops, bytes, least, most));
    plot.series.insert(plot.series.end(), points.begin(), points.end());
  }
  return plot;
}

Plot power_curve_of(const Results& results) {
  Plot plot;
  plot.title = "power of all boards";
  plot.x_label = "s";
  plot.y_label = "W";
  const std::vector<std::string> names = column_names(results);
  for (std::size_t i = 0; i < results.size(); ++i) {
    PlotSeries series{names[i], {}};
    for (const ordered_json& s :
         results[i].at(results[i].contains("over_time") ? "over_time" : "power_over_time")) {
      series.points.emplace_back(number(s, "from_s"), number(s, "power_w"));
      series.points.emplace_back(number(s, "to_s"), number(s, "power_w"));
    }
    plot.series.push_back(series);
  }
  return plot;
}

Plot load_curve(const ordered_json& serving) {
  Plot plot;
  plot.title =
      serving.value("model", "") + " on " + serving.value("arch", "") + ": " + serving.value("load", "");
  plot.x_label = "s";
  plot.y_label = "requests";
  for (const char* key : {"waiting", "running"}) plot.series.push_back(stretches_of(serving, key, key));
  return plot;
}

Plot cache_curve(const ordered_json& serving) {
  Plot plot;
  plot.title = "share of the KV blocks in use";
  plot.x_label = "s";
  plot.series = {stretches_of(serving, "KV blocks", "kv_share")};
  return plot;
}

}  // namespace orrery
