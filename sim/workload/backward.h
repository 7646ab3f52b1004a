#pragma once
// The backward pass of a training step's graph: gradients of activations and weights, from the last operator
// to the first.

#include <functional>

#include "sim/workload/operator.h"

namespace orrery {

struct BackwardSpec {
  StoredFormat gradients = stored_as(DType::fp32);  // in which weights' gradients are summed up
  bool sums_apart = false;                          // each micro-batch's is added by a kernel of its own
  // A bias's gradient comes with that of the rows behind its product, a norm's takes in what else read the
  // row.
  bool rows_together = false;
};

// What a device exchanges it exchanges again,
// of gradients: sums as sums, gathered parts as scattered sums and the other way round, rows that travelled
// the way back. Throws ConfigError: an operator whose gradient is not modelled (recurrences, choices of
// positions, narrow formats).
OperatorGraph backward_of(const OperatorGraph& forward, const BackwardSpec& spec);

OperatorGraph part_of(const OperatorGraph& graph, const std::function<bool(const Operator&)>& belongs);
// The operators of its layers, as they are computed again where nothing but what a layer takes was kept.
OperatorGraph layers_of(const OperatorGraph& graph);

}  // namespace orrery
