#pragma once
// The backward pass of a training step's graph: gradients of activations and weights, from the last operator
// to the first.

#include "sim/workload/operator.h"

namespace orrery {

// `gradients`: format in which weights' gradients are summed up. What a device exchanges it exchanges again,
// of gradients: sums as sums, gathered parts as scattered sums and the other way round, rows that travelled
// the way back. Throws ConfigError: an operator whose gradient is not modelled (recurrences, choices of
// positions, narrow formats).
OperatorGraph backward_of(const OperatorGraph& forward, const StoredFormat& gradients);

// The operators of its layers, as they are computed again where nothing but what a layer takes was kept.
OperatorGraph layers_of(const OperatorGraph& graph);

}  // namespace orrery
