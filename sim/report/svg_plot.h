#pragma once
// A plot as an SVG file: points joined by lines, or a cloud of them; linear or logarithmic axes.

#include <string>
#include <utility>
#include <vector>

namespace orrery {

struct PlotSeries {
  std::string name;
  std::vector<std::pair<double, double>> points;
};

struct Plot {
  std::string title, x_label, y_label;
  bool log_x = false, log_y = false;
  bool lines = true;
  bool diagonal = false;  // y = x, and a band about it:
  double band = 0;        // y within this share of x; 0 = none
  std::vector<PlotSeries> series;
};

// Points that a logarithmic axis cannot show are left out.
std::string to_svg(const Plot& plot);

// Writes it. Throws ConfigError when that fails.
void write_svg(const Plot& plot, const std::string& path);

}  // namespace orrery
