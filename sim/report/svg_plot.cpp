#include "sim/report/svg_plot.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <fstream>

#include "sim/util/errors.h"

namespace orrery {
namespace {

constexpr double kWidth = 720, kHeight = 440, kLeft = 80, kRight = 180, kTop = 40, kBottom = 60;
constexpr std::array<const char*, 8> kColours = {"#1b6ca8", "#d1495b", "#2e8b57", "#edae49",
                                                 "#6a4c93", "#00798c", "#8d6a3f", "#444444"};

std::string escaped(const std::string& text) {
  std::string out;
  for (const char c : text) {
    if (c == '&') {
      out += "&amp;";
    } else if (c == '<') {
      out += "&lt;";
    } else {
      out += c;
    }
  }
  return out;
}

class Axis {
 public:
  Axis(bool logarithmic, double from, double to) : log_(logarithmic), from_(from), to_(to) {}

  void include(double value) {
    if (!shows(value)) return;
    low_ = any_ ? std::min(low_, value) : value;
    high_ = any_ ? std::max(high_, value) : value;
    any_ = true;
  }
  bool shows(double value) const { return std::isfinite(value) && (!log_ || value > 0); }
  void settle() {
    if (!any_) low_ = high_ = 1;
    if (!log_) low_ = std::min(low_, 0.0);
    if (high_ <= low_) high_ = low_ + 1;
  }
  double at(double value) const {
    const double share =
        log_ ? std::log(value / low_) / std::log(high_ / low_) : (value - low_) / (high_ - low_);
    return from_ + share * (to_ - from_);
  }
  std::vector<double> ticks() const {
    std::vector<double> found;
    if (log_) {
      for (double t = std::pow(10, std::ceil(std::log10(low_) - 1e-9)); t <= high_ * 1.0001; t *= 10)
        found.push_back(t);
      return found;
    }
    const double raw = (high_ - low_) / 5;
    const double unit = std::pow(10, std::floor(std::log10(raw)));
    const double step = raw / unit > 5 ? 10 * unit : raw / unit > 2 ? 5 * unit : 2 * unit;
    for (double t = std::ceil(low_ / step) * step; t <= high_ * 1.0001; t += step) found.push_back(t);
    return found;
  }
  double low() const { return low_; }
  double high() const { return high_; }

 private:
  bool log_, any_ = false;
  double from_, to_, low_ = 0, high_ = 1;
};

}  // namespace

std::string to_svg(const Plot& plot) {
  Axis x(plot.log_x, kLeft, kWidth - kRight);
  Axis y(plot.log_y, kHeight - kBottom, kTop);
  for (const PlotSeries& s : plot.series) {
    for (const auto& [px, py] : s.points) {
      x.include(px);
      y.include(py);
      if (plot.diagonal) {
        x.include(py);
        y.include(px);
      }
    }
  }
  x.settle();
  y.settle();
  std::string svg = fmt::format(
      "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{0}\" height=\"{1}\" viewBox=\"0 0 {0} {1}\" "
      "font-family=\"sans-serif\" font-size=\"12\">\n<rect width=\"{0}\" height=\"{1}\" fill=\"white\"/>\n"
      "<text x=\"{2}\" y=\"22\" font-size=\"15\">{3}</text>\n",
      kWidth, kHeight, kLeft, escaped(plot.title));
  for (const double t : x.ticks()) {
    svg += fmt::format(
        "<line x1=\"{0:.1f}\" x2=\"{0:.1f}\" y1=\"{1}\" y2=\"{2}\" stroke=\"#ddd\"/>"
        "<text x=\"{0:.1f}\" y=\"{3}\" text-anchor=\"middle\">{4:g}</text>\n",
        x.at(t), kTop, kHeight - kBottom, kHeight - kBottom + 18, t);
  }
  for (const double t : y.ticks()) {
    svg += fmt::format(
        "<line x1=\"{0}\" x2=\"{1}\" y1=\"{2:.1f}\" y2=\"{2:.1f}\" stroke=\"#ddd\"/>"
        "<text x=\"{3}\" y=\"{4:.1f}\" text-anchor=\"end\">{5:g}</text>\n",
        kLeft, kWidth - kRight, y.at(t), kLeft - 6, y.at(t) + 4, t);
  }
  svg += fmt::format("<text x=\"{}\" y=\"{}\" text-anchor=\"middle\">{}</text>\n",
                     (kLeft + kWidth - kRight) / 2, kHeight - 18, escaped(plot.x_label));
  svg += fmt::format("<text transform=\"translate(20 {}) rotate(-90)\" text-anchor=\"middle\">{}</text>\n",
                     (kTop + kHeight - kBottom) / 2, escaped(plot.y_label));
  if (plot.diagonal) {
    const double low = std::max(x.low(), y.low());
    const double high = std::min(x.high(), y.high());
    if (plot.band > 0) {
      const auto edge = [&](double at, double factor) {
        const double inside = std::clamp(at * factor, y.low(), y.high());
        return fmt::format("{:.1f},{:.1f} ", x.at(inside / factor), y.at(inside));
      };
      svg +=
          fmt::format("<polygon class=\"band\" fill=\"#2a6\" fill-opacity=\"0.15\" points=\"{}{}{}{}\"/>\n",
                      edge(low, 1 + plot.band), edge(high, 1 + plot.band), edge(high, 1 - plot.band),
                      edge(low, 1 - plot.band));
    }
    svg += fmt::format(
        "<line x1=\"{:.1f}\" y1=\"{:.1f}\" x2=\"{:.1f}\" y2=\"{:.1f}\" stroke=\"#888\" "
        "stroke-dasharray=\"4 3\"/>\n",
        x.at(low), y.at(low), x.at(high), y.at(high));
  }
  for (std::size_t i = 0; i < plot.series.size(); ++i) {
    const char* colour = kColours[i % kColours.size()];
    std::string line;
    for (const auto& [px, py] : plot.series[i].points) {
      if (!x.shows(px) || !y.shows(py)) continue;
      line += fmt::format("{:.1f},{:.1f} ", x.at(px), y.at(py));
      svg += fmt::format("<circle cx=\"{:.1f}\" cy=\"{:.1f}\" r=\"2.5\" fill=\"{}\"/>\n", x.at(px), y.at(py),
                         colour);
    }
    if (plot.lines)
      svg += fmt::format("<polyline fill=\"none\" stroke=\"{}\" points=\"{}\"/>\n", colour, line);
    if (i < 20) {
      svg += fmt::format("<text x=\"{}\" y=\"{}\" fill=\"{}\">{}</text>\n", kWidth - kRight + 12,
                         kTop + 14 + 16 * static_cast<double>(i), colour, escaped(plot.series[i].name));
    }
  }
  return svg + "</svg>\n";
}

void write_svg(const Plot& plot, const std::string& path) {
  std::ofstream file(path);
  file << to_svg(plot);
  file.flush();
  if (!file) throw ConfigError("", "cannot write " + path);
}

}  // namespace orrery
