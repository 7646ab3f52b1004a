#pragma once
// A mixture of experts: the router, then each expert that some token takes on its share of the rows (as even
// as it can be), then the sum of a token's experts.

#include "sim/workload/blocks/feed_forward.h"
#include "sim/workload/graph_builder.h"

namespace orrery {

// `shared` experts see every token and are one feed-forward block.
struct MixtureBlock {
  std::uint64_t experts = 0;
  std::uint64_t experts_a_token = 0;
  std::uint64_t width = 0;  // of an expert, gated
  ActivationKind activation = ActivationKind::silu_gated;
  bool biases = false;       // of the experts' products and the router's
  bool score_bias = false;   // a number an expert that only its choice sees
  bool scaled = false;       // rows before the router, and each expert's results, by learned numbers
  std::uint64_t shared = 0;  // width of what all tokens share; 0 = nothing
  bool shared_gate = false;  // a product to one number scales it

  // As of AttentionBlock.
  bool splits(std::uint64_t devices) const { return width % devices == 0 && shared % devices == 0; }
  std::uint64_t cached_elements(std::uint64_t /*devices*/, std::uint64_t /*context*/) const { return 0; }
  KeptState state(std::uint64_t /*devices*/, const StoredFormat& /*plain*/) const { return {}; }
  std::uint64_t widest(std::uint64_t devices) const { return 2 * width / devices; }

  // Experts that `tokens` tokens take, each at random: how many are expected, and the whole number above,
  // which have rows.
  double expected(std::uint64_t tokens) const;
  std::uint64_t taken(std::uint64_t tokens) const;

  Tensor write(GraphBuilder& builder, const Tensor& x) const;
};

}  // namespace orrery
