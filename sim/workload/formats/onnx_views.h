#pragma once
// Shapes of ONNX nodes that move data about, and what their rules are made of.

#include <vector>

#include "sim/workload/formats/onnx_values.h"

namespace orrery {

using OnnxNumbers = std::vector<std::int64_t>;

// Throws ConfigError for a negative extent.
std::uint64_t positive(const OnnxNode& node, std::int64_t extent);
// A value of input i's type and shape, its numbers not known; and of another shape.
OnnxValue like(const OnnxNode& node, std::size_t i);
OnnxValue of_shape(const OnnxNode& node, OnnxShape shape, std::size_t typed_as = 0);
// Axes given as an attribute, or as an input of newer operator sets. None where they are not known.
std::optional<OnnxNumbers> axes_of(const OnnxNode& node, std::size_t input);

// Outputs of nodes that keep their data: in another shape, in part, or together.
OnnxValue reshape(const OnnxNode& node);
OnnxValue squeeze(const OnnxNode& node);
OnnxValue unsqueeze(const OnnxNode& node);
OnnxValue transpose(const OnnxNode& node);
OnnxValue concat(const OnnxNode& node);
OnnxValue gather(const OnnxNode& node);
OnnxValue slice(const OnnxNode& node);
std::vector<OnnxValue> split(const OnnxNode& node);

}  // namespace orrery
