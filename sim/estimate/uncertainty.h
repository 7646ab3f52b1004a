#pragma once
// What uncertain inputs do to a comparison: Monte Carlo over triangular distributions (low, typical as the
// mode, high) with a seeded generator of our own, a tornado of single variables, and the point at which two
// options change places.

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "sim/estimate/cost_draw.h"

namespace orrery {

// The figure of each option at a draw; smaller is better.
using Evaluate = std::function<std::vector<double>(const std::vector<double>& draw)>;

// All variables at their typical values.
std::vector<double> typical_draw(const std::vector<CostVariable>& variables);

struct Spread {
  double p10 = 0, p50 = 0, p90 = 0;
};

struct MonteCarlo {
  std::vector<Spread> spread;              // by option
  std::vector<std::vector<double>> beats;  // [a][b]: share of draws in which a is below b
};
MonteCarlo monte_carlo(const std::vector<CostVariable>& variables, const Evaluate& evaluate,
                       std::uint64_t draws, std::uint64_t seed);

// One variable from its low to its high end, the others typical.
struct TornadoBar {
  std::string variable;
  double at_low = 0, at_high = 0;  // the option's figure
  double swing() const;
};
// Of option `option`, the largest swing first; variables that do nothing are left out.
std::vector<TornadoBar> tornado(const std::vector<CostVariable>& variables, const Evaluate& evaluate,
                                std::size_t option);

// The value of `variable` between `least` and `most` (geometric) at which options a and b change places.
std::optional<double> crossover(const std::vector<CostVariable>& variables, std::size_t variable,
                                double least, double most, std::size_t a, std::size_t b,
                                const Evaluate& evaluate);

}  // namespace orrery
