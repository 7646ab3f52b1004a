#pragma once
// A feed-forward block: up, activation, down; gated (up is two products, one of which the other's activation
// scales) or plain.

#include "sim/workload/graph_builder.h"

namespace orrery {

enum class ActivationKind : std::uint8_t { silu_gated, gelu };

struct FeedForwardBlock {
  std::uint64_t width = 0;
  ActivationKind activation = ActivationKind::silu_gated;
  bool biases = false;

  // As of AttentionBlock.
  bool splits(std::uint64_t devices) const { return width % devices == 0; }
  std::uint64_t cached_elements(std::uint64_t /*devices*/) const { return 0; }
  std::uint64_t widest(std::uint64_t devices) const { return 2 * width / devices; }

  Tensor write(GraphBuilder& builder, const Tensor& x) const;
};

}  // namespace orrery
