#pragma once
// What an ONNX node does, as operators.

#include <vector>

#include "sim/workload/formats/coverage.h"
#include "sim/workload/formats/onnx_values.h"
#include "sim/workload/operator.h"

namespace orrery {

struct OnnxOperator {
  Operator op;
  // Of each of the operator's inputs and outputs, which of the node's it is (-1: none, it is the operator's
  // own; kFromBefore: what the node's operator before this one made).
  static constexpr int kFromBefore = -2;
  std::vector<int> inputs, outputs;
};

// None where the node does no work of a machine, which `coverage` is told, as it is of what is refused.
// `dtype`: in place of what the tensors say. Throws ConfigError where shapes do not fit, ShapeUnknown where
// they are not known.
std::vector<OnnxOperator> onnx_operators(const OnnxNode& node, const std::vector<OnnxValue>& outputs,
                                         const ImportOptions& options, Coverage& coverage);

}  // namespace orrery
