#pragma once
// Products with a weight and what tensor-parallel devices exchange around them.

#include "sim/workload/graph_builder.h"

namespace orrery {

// x[m, k] times the weight `name`_weight[k, n] of a group; `bias`: the layer holds one of n elements.
Tensor product(GraphBuilder& builder, const Tensor& x, const std::string& name, TensorGroup group,
               std::uint64_t m, std::uint64_t k, std::uint64_t n, bool bias = false);

// Exchanges the devices' parts of `x`, whose whole rows have `cols` elements; nothing on one device.
Tensor exchange(GraphBuilder& builder, OperatorKind kind, const Tensor& x, const std::string& name,
                std::uint64_t rows, std::uint64_t cols);

// A projection of all tokens from `k` elements (on all devices) back to the hidden size: its k is split over
// the devices and the sums are reduced (Megatron), or its n is and the parts are gathered.
Tensor project(GraphBuilder& builder, const Tensor& x, const std::string& name, TensorGroup group,
               std::uint64_t k, bool bias);

}  // namespace orrery
