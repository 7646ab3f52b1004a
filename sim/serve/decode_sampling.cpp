#include "sim/serve/decode_sampling.h"

#include <algorithm>
#include <cmath>

namespace orrery {
namespace {

constexpr std::uint64_t kFirstIntervals = 2;  // never trusted with fewer

class Sampler {
 public:
  Sampler(double tolerance, const std::function<double(std::uint64_t)>& value)
      : tolerance_(tolerance), value_(value) {}

  // Covers steps a, a+1, ..., b-1 (b is sampled, but belongs to the next interval).
  void cover(std::uint64_t a, std::uint64_t b) {
    if (b - a <= 1) {
      plan.double_weights[a] += 2;
      return;
    }
    const std::uint64_t middle = a + (b - a) / 2;
    // Halfway, and once off centre, so that steps that repeat with the halving are seen.
    double deviation = 0;
    for (const std::uint64_t step : {middle, a + (b - a) * 3 / 8}) {
      const double line =
          at(a) + (at(b) - at(a)) * static_cast<double>(step - a) / static_cast<double>(b - a);
      deviation = std::max(deviation, std::abs(at(step) - line) / at(step));
    }
    if (deviation > tolerance_) {
      cover(a, middle);
      cover(middle, b);
      return;
    }
    plan.largest_deviation = std::max(plan.largest_deviation, deviation);
    line_between(a, middle);
    line_between(middle, b);
  }

  SamplePlan plan;

 private:
  const double tolerance_;
  const std::function<double(std::uint64_t)>& value_;
  std::map<std::uint64_t, double> seen_;

  double at(std::uint64_t step) {
    const auto known = seen_.find(step);
    return known != seen_.end() ? known->second : seen_[step] = value_(step);
  }

  // n steps from a on a straight line to b: sum = (n+1)/2 value(a) + (n-1)/2 value(b).
  void line_between(std::uint64_t a, std::uint64_t b) {
    const std::uint64_t n = b - a;
    plan.double_weights[a] += n + 1;
    if (n > 1) plan.double_weights[b] += n - 1;
  }
};

}  // namespace

SamplePlan sample_steps(std::uint64_t steps, double tolerance,
                        const std::function<double(std::uint64_t)>& value) {
  SamplePlan plan;
  if (tolerance <= 0 || steps <= 2 * kFirstIntervals) {
    for (std::uint64_t i = 0; i < steps; ++i) plan.double_weights[i] = 2;
    for (const auto& [step, ignored] : plan.double_weights) value(step);
    return plan;
  }
  Sampler sampler(tolerance, value);
  for (std::uint64_t i = 0; i < kFirstIntervals; ++i) {
    sampler.cover((steps - 1) * i / kFirstIntervals, (steps - 1) * (i + 1) / kFirstIntervals);
  }
  sampler.plan.double_weights[steps - 1] += 2;
  return sampler.plan;
}

}  // namespace orrery
