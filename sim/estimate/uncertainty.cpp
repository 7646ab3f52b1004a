#include "sim/estimate/uncertainty.h"

#include <algorithm>
#include <cmath>

#include "sim/util/random.h"

namespace orrery {
namespace {

double triangular(const UncertainNumber& e, double u) {
  if (e.high <= e.low) return e.typical;
  const double mode = (e.typical - e.low) / (e.high - e.low);
  if (u < mode) return e.low + std::sqrt(u * (e.high - e.low) * (e.typical - e.low));
  return e.high - std::sqrt((1 - u) * (e.high - e.low) * (e.high - e.typical));
}

double quantile(const std::vector<double>& sorted, double share) {
  const auto at = static_cast<std::size_t>(share * static_cast<double>(sorted.size() - 1) + 0.5);
  return sorted[at];
}

}  // namespace

std::vector<double> typical_draw(const std::vector<CostVariable>& variables) {
  std::vector<double> draw;
  for (const CostVariable& v : variables) draw.push_back(v.value.typical);
  return draw;
}

MonteCarlo monte_carlo(const std::vector<CostVariable>& variables, const Evaluate& evaluate,
                       std::uint64_t draws, std::uint64_t seed) {
  RandomStream random(seed);
  std::vector<double> draw(variables.size());
  std::vector<std::vector<double>> figures;
  MonteCarlo result;
  for (std::uint64_t i = 0; i < draws; ++i) {
    for (std::size_t v = 0; v < variables.size(); ++v)
      draw[v] = triangular(variables[v].value, random.uniform());
    const std::vector<double> figure = evaluate(draw);
    figures.resize(figure.size());
    result.beats.resize(figure.size(), std::vector<double>(figure.size(), 0));
    for (std::size_t a = 0; a < figure.size(); ++a) {
      figures[a].push_back(figure[a]);
      for (std::size_t b = 0; b < figure.size(); ++b) result.beats[a][b] += figure[a] < figure[b] ? 1 : 0;
    }
  }
  for (auto& row : result.beats) {
    for (double& count : row) count /= static_cast<double>(draws);
  }
  for (std::vector<double>& f : figures) {
    std::sort(f.begin(), f.end());
    result.spread.push_back({quantile(f, 0.1), quantile(f, 0.5), quantile(f, 0.9)});
  }
  return result;
}

double TornadoBar::swing() const {
  return std::abs(at_high - at_low);
}

std::vector<TornadoBar> tornado(const std::vector<CostVariable>& variables, const Evaluate& evaluate,
                                std::size_t option) {
  std::vector<TornadoBar> bars;
  std::vector<double> draw = typical_draw(variables);
  for (std::size_t v = 0; v < variables.size(); ++v) {
    const UncertainNumber& e = variables[v].value;
    if (e.high <= e.low) continue;
    TornadoBar bar;
    bar.variable = variables[v].name;
    draw[v] = e.low;
    bar.at_low = evaluate(draw)[option];
    draw[v] = e.high;
    bar.at_high = evaluate(draw)[option];
    draw[v] = e.typical;
    if (bar.swing() > 0) bars.push_back(bar);
  }
  std::stable_sort(bars.begin(), bars.end(),
                   [](const TornadoBar& a, const TornadoBar& b) { return a.swing() > b.swing(); });
  return bars;
}

std::optional<double> crossover(const std::vector<CostVariable>& variables, std::size_t variable,
                                double least, double most, std::size_t a, std::size_t b,
                                const Evaluate& evaluate) {
  constexpr int kSteps = 48;
  constexpr int kHalvings = 40;
  std::vector<double> draw = typical_draw(variables);
  const auto a_wins = [&](double value) {
    draw[variable] = value;
    const std::vector<double> figure = evaluate(draw);
    return figure[a] < figure[b];
  };
  const double ratio = std::pow(most / least, 1.0 / kSteps);
  double before = least;
  const bool at_least = a_wins(least);
  for (int i = 1; i <= kSteps; ++i) {
    const double at = least * std::pow(ratio, i);
    if (a_wins(at) == at_least) {
      before = at;
      continue;
    }
    double low = before;
    double high = at;
    for (int h = 0; h < kHalvings; ++h) {
      const double middle = std::sqrt(low * high);
      (a_wins(middle) == at_least ? low : high) = middle;
    }
    return std::sqrt(low * high);
  }
  return std::nullopt;
}

}  // namespace orrery
