#pragma once
// Runs the operators of one graph in order, carrying residency from each to the next. Layers that repeat what
// the layer before did (same operators, same residency) are replicated.

#include <array>

#include "sim/engine/operator_runner.h"
#include "sim/engine/residency.h"

namespace orrery {

// Of one kind of operator, one chip.
struct KindSum {
  Femtoseconds time = 0;
  double dynamic_j = 0;
};

struct GraphOutcome {
  Femtoseconds time = 0;
  TimeSplit split;  // sums to time
  ActivityCounts counts;
  EnergyBreakdown energy;  // of one chip, static power left out
  std::array<KindSum, kOperatorKinds> kinds{};
  // Of time: from events, from remembered outcomes and skipped waves, from replicated layers.
  Femtoseconds simulated = 0, replayed = 0, replicated = 0;
};

class GraphRunner {
 public:
  explicit GraphRunner(OperatorRunner& runner);

  // Runs `graph` on a machine that holds `residency` (brought up to date).
  GraphOutcome run(const OperatorGraph& graph, Residency& residency);

 private:
  OperatorRunner& runner_;

  struct LayerOutcome {
    GraphOutcome outcome;
    std::vector<std::size_t> keys;  // of each operator: what it was and what it found on chip
  };
  LayerOutcome run_layer(const OperatorGraph& graph, std::size_t begin, std::size_t end,
                         Residency& residency);
};

}  // namespace orrery
