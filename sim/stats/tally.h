#pragma once
// What a piece of work took on one device, and where it went: an operator, a graph, a step, a phase, a run.
// Sums, and multiples by halves (trapezoids over sampled steps); shares of machines and prices are derived
// from the end of it, once.

#include <array>
#include <vector>

#include "sim/operators/operator_row.h"
#include "sim/stats/activity_counts.h"
#include "sim/stats/energy_breakdown.h"
#include "sim/stats/sharing.h"
#include "sim/stats/time_split.h"

namespace orrery {

// An operator's part of one.
struct OperatorCost {
  double seconds = 0;
  Joules dynamic;
  TimeSplitSeconds split;  // sums to seconds
  std::uint64_t kernels = 0;
};

class Tally {
 public:
  // Of one kind of operator, or of a stretch of time.
  struct Part {
    double seconds = 0;
    Joules dynamic;
    double macs = 0, dram_bytes = 0;

    Part& operator+=(const Part& other);
    Part& operator*=(double weight);
  };

  Tally() = default;
  // One operator. `skipped`: of the time, steady state that was not simulated.
  Tally(OperatorKind kind, Femtoseconds time, const TimeSplit& split, const ActivityCounts& counts,
        const EnergyBreakdown& energy, Femtoseconds skipped);

  Tally& operator+=(const Tally& other);
  // `halves` halves of it: of the same work, run as often.
  Tally halves(std::uint64_t halves) const;
  Tally times(std::uint64_t n) const { return halves(2 * n); }
  // The same, none of it simulated: remembered, or that of a layer like it.
  Tally as_replayed() const;
  Tally as_replicated() const;
  // Time beside all operators.
  void add(TimeCategory category, double seconds);
  // Reads of storage beside them, which the device waits for.
  void add_storage(double seconds, const ActivityCounts& reads, const EnergyBreakdown& energy_of_them);
  // Not shorter than `least` seconds, nor with fewer bytes read from DRAM: what is missing is the category's.
  void at_least(TimeCategory category, double least, std::uint64_t dram_read_bytes);
  // Of a pipeline's steps that take as long as this: `work` is what all its stages do of them, of which a
  // device does one in `stages`.
  Tally with_work_of(const Tally& work, std::uint64_t stages) const;
  // So much of the time of collectives lay beside other operators'.
  void hide_collectives(double hidden);
  // The same work where so much of its time lay beside other work.
  Tally beside(double hidden) const;
  // All of it as one stretch in the order of what is added.
  void close_stretch() { stretches = {{seconds, energy.total()}}; }

  ActivityCounts counts() const;

  double seconds = 0;
  TimeSplitSeconds split;                              // sums to seconds
  EnergyBreakdown energy;                              // static power left out
  std::array<Part, kOperatorKinds> kinds{};            // the rest of the time is the software's
  WorkSharing sharing;                                 // none where nothing is simulated
  std::vector<Part> stretches;                         // in the order of the steps
  double simulated = 0, replayed = 0, replicated = 0;  // of the seconds
  double largest_deviation = 0;                        // where steps between were interpolated

 private:
  ActivityCounts doubled_;  // halves of odd counts are exact
};

}  // namespace orrery
