#pragma once
// A mixture of experts: the router, then each expert that some token takes on its share of the rows (as even
// as it can be), then the sum of a token's experts.

#include "sim/workload/graph_builder.h"

namespace orrery {

struct MixtureBlock {
  std::uint64_t experts = 0;
  std::uint64_t experts_a_token = 0;
  std::uint64_t width = 0;  // of an expert, gated

  // As of AttentionBlock.
  bool splits(std::uint64_t devices) const { return width % devices == 0; }
  std::uint64_t cached_elements(std::uint64_t /*devices*/) const { return 0; }
  std::uint64_t widest(std::uint64_t devices) const { return 2 * width / devices; }

  // Experts that `tokens` tokens take, each at random: expected, rounded.
  std::uint64_t taken(std::uint64_t tokens) const;

  Tensor write(GraphBuilder& builder, const Tensor& x) const;
};

}  // namespace orrery
