#pragma once
// Runs the operators of one graph in order, carrying residency from each to the next. Layers that repeat what
// the layer before did (same operators, same residency) are replicated.

#include <vector>

#include "sim/engine/operator_runner.h"
#include "sim/engine/residency.h"
#include "sim/stats/tally.h"

namespace orrery {

class GraphRunner {
 public:
  explicit GraphRunner(OperatorRunner& runner);

  // Runs `graph` on a machine that holds `residency` (brought up to date). `costs`, where asked for: of each
  // operator.
  Tally run(const OperatorGraph& graph, Residency& residency, std::vector<OperatorCost>* costs = nullptr);

 private:
  OperatorRunner& runner_;

  struct LayerOutcome {
    Tally tally;
    std::vector<std::size_t> keys;    // of each operator: what it was and what it found on chip
    std::vector<OperatorCost> costs;  // of each operator
  };
  LayerOutcome run_layer(const OperatorGraph& graph, std::size_t begin, std::size_t end,
                         Residency& residency);
};

}  // namespace orrery
