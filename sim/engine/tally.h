#pragma once
// What a step took, and what many of them did: time, energy and counts of one device, and where they went.
// Sums, and multiples by halves (trapezoids over sampled steps); shares of machines and prices are derived
// from the end of it, once.

#include <array>
#include <vector>

#include "sim/engine/graph_runner.h"
#include "sim/stats/activity_counts.h"
#include "sim/stats/run_result.h"
#include "sim/stats/time_split.h"

namespace orrery {

class Tally {
 public:
  struct Kind {
    double seconds = 0;
    double dynamic_j = 0;
  };
  struct Stretch {
    double seconds = 0;
    double dynamic_j = 0;
  };

  Tally() = default;
  explicit Tally(const GraphOutcome& step);

  Tally& operator+=(const Tally& other);
  // `halves` halves of it: of the same work, run as often.
  Tally halves(std::uint64_t halves) const;
  Tally times(std::uint64_t n) const { return halves(2 * n); }

  ActivityCounts counts() const;

  double seconds = 0;
  TimeSplitSeconds split;                              // sums to seconds
  EnergyBreakdown energy;                              // static power left out
  std::array<Kind, kOperatorKinds> kinds{};            // the rest of the time is the software's
  std::vector<Stretch> stretches;                      // in the order of the steps
  double simulated = 0, replayed = 0, replicated = 0;  // of the seconds
  double largest_deviation = 0;                        // where steps between were interpolated

 private:
  ActivityCounts doubled_;  // halves of odd counts are exact
};

}  // namespace orrery
