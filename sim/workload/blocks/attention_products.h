#pragma once
// Attention where it is not one kernel: scores, their softmax, and sums of values.

#include <string>

#include "sim/workload/graph_builder.h"

namespace orrery {

// Sequences that are alike: `queries` positions of each against `positions` cached ones.
struct AttentionExtents {
  std::uint64_t sequences = 1, queries = 1, positions = 1;
  std::uint64_t heads = 1, kv_heads = 1, head_dim = 1;
};

// `suffix` is behind the names of what it makes; `more`: of a result whose other parts are made elsewhere.
void attend_by_products(GraphBuilder& builder, const AttentionExtents& of, const Tensor& query,
                        const Tensor& keys, const Tensor& values, const Tensor& out,
                        const std::string& suffix, bool more);

}  // namespace orrery
