#pragma once
// A plot of series of points, as a Vega specification (https://vega.github.io/vega/docs/specification).

#include <nlohmann/json.hpp>
#include <string>
#include <utility>
#include <vector>

namespace orrery {

struct PlotSeries {
  std::string name;
  std::vector<std::pair<double, double>> points;
  bool joined = true;       // by lines
  std::string family = {};  // of one colour; "" = by itself
  std::string label = {};   // stands beside its points
};

struct Plot {
  std::string title, x_label, y_label;
  bool log_x = false, log_y = false;
  bool diagonal = false;  // y = x, and a band about it:
  double band = 0;        // y within this share of x; 0 = none
  std::vector<PlotSeries> series;
};

// Stacked bars: of each row its parts, along one axis.
struct BarPlot {
  struct Part {
    std::string row, part;
    double value = 0;
  };
  std::string title, unit;
  std::vector<Part> parts;  // rows and parts in the order in which they first come
};

// Points that a logarithmic axis cannot show, and those that are no numbers, are left out.
nlohmann::ordered_json vega_of(const Plot& plot);
nlohmann::ordered_json vega_of(const BarPlot& plot);

}  // namespace orrery
