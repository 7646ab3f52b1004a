#pragma once
// Products with a weight and what tensor-parallel devices exchange around them.

#include "sim/workload/graph_builder.h"

namespace orrery {

// x[m, k] times the weight `name`_weight[k, n] of a group; `bias`: the layer holds one of n elements.
Tensor product(GraphBuilder& builder, const Tensor& x, const std::string& name, TensorGroup group,
               std::uint64_t m, std::uint64_t k, std::uint64_t n, bool bias = false);

// x[rows, cols] plus what its product holds as `name`_bias: a kernel of its own where the stack has it so.
Tensor biased(GraphBuilder& builder, const Tensor& x, const std::string& name);
// The same rows in the order in which the heads of attention are multiplied, or back; a copy where the stack
// makes one.
Tensor reordered(GraphBuilder& builder, const Tensor& x);

// Of `bytes` over a group; an all-reduce is the software stack's own where it has one.
CollectiveShape collective_shape(const ExecutionSpec& execution, OperatorKind kind, std::uint64_t bytes,
                                 const DeviceGroup& group);

// Exchanges the parts of `x` that the devices of a group have, whose whole is rows x cols; nothing on one
// device.
Tensor exchange(GraphBuilder& builder, OperatorKind kind, const Tensor& x, const std::string& name,
                std::uint64_t rows, std::uint64_t cols, const DeviceGroup& group);

// Sums that each device of a tensor-parallel group has a part of, a row a token: all rows on every device, or
// where rows lie apart between the blocks (Korthikanti et al., arXiv 2205.05198) its own rows on each.
Tensor summed(GraphBuilder& builder, const Tensor& x, const std::string& name);
// All rows of what lies apart.
Tensor whole(GraphBuilder& builder, const Tensor& x);

// A projection of all tokens from `k` elements (on all devices) back to the hidden size: its k is split over
// the devices and the sums are reduced (Megatron), or its n is and the parts are gathered.
Tensor project(GraphBuilder& builder, const Tensor& x, const std::string& name, TensorGroup group,
               std::uint64_t k, bool bias);

// Throws ConfigError where rows lie apart.
void refuse_rows_apart(const GraphBuilder& builder, const char* part);

}  // namespace orrery
