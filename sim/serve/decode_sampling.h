#pragma once
// Sums a quantity over many steps from few samples: where a step halfway agrees with the straight line
// between its neighbours to within a tolerance, the steps between are interpolated, else the halves are
// sampled too.

#include <cstdint>
#include <functional>
#include <map>

namespace orrery {

struct SamplePlan {
  // Step -> twice its weight in the sum (trapezoids over whole steps have half-integer weights).
  std::map<std::uint64_t, std::uint64_t> double_weights;
  // Largest relative deviation between a sampled step and the line it was tested against, where accepted.
  double largest_deviation = 0;
};

// `value(i)` is the time of step i, 0 <= i < steps; it is called once a sampled step. tolerance 0 samples
// all.
SamplePlan sample_steps(std::uint64_t steps, double tolerance,
                        const std::function<double(std::uint64_t)>& value);

}  // namespace orrery
