#pragma once
// Shapes that follow from those of a node's inputs, and whole numbers where they are known: what exporters
// compute shapes from.

#include <vector>

#include "sim/workload/formats/onnx_values.h"

namespace orrery {

// Of each output; none for nodes of no kind that is known. Throws ShapeUnknown where they do not follow,
// ConfigError where shapes do not fit each other.
std::vector<OnnxValue> infer_outputs(const OnnxNode& node);

// As numpy does; `node` is at fault where they do not fit.
OnnxShape broadcast(const OnnxNode& node, const OnnxShape& a, const OnnxShape& b);
std::uint64_t elements_of(const OnnxShape& shape);  // throws ConfigError beyond 2^64

}  // namespace orrery
