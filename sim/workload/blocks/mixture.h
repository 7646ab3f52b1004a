#pragma once
// A mixture of experts: the router, then each expert that some token takes on its share of the rows (as even
// as it can be), then the sum of a token's experts. Where experts live on other replicas' devices, a token's
// row travels once to each device that holds any of its experts, and one row comes back.

#include "sim/workload/blocks/feed_forward.h"
#include "sim/workload/graph_builder.h"

namespace orrery {

// `shared` experts see every token and are one feed-forward block.
struct MixtureBlock {
  std::uint64_t experts = 0;
  std::uint64_t experts_a_token = 0;
  std::uint64_t groups = 1, groups_a_token = 1;  // of experts: a token takes some of a few groups only
  std::uint64_t width = 0;                       // of an expert, gated
  ActivationKind activation = ActivationKind::silu_gated;
  bool biases = false;       // of the experts' products and the router's
  bool score_bias = false;   // a number an expert that only its choice sees
  bool scaled = false;       // rows before the router, and each expert's results, by learned numbers
  std::uint64_t shared = 0;  // width of what all tokens share; 0 = nothing
  bool shared_gate = false;  // a product to one number scales it

  // As of AttentionBlock.
  std::string misfit(const Parallelism& split) const;
  std::uint64_t cached_elements(std::uint64_t /*devices*/, std::uint64_t /*context*/) const { return 0; }
  KeptState state(std::uint64_t /*devices*/, const StoredFormat& /*plain*/) const { return {}; }
  // A token's rows in all of its experts.
  std::uint64_t widest(std::uint64_t devices) const { return experts_a_token * 2 * width / devices; }

  // What falls to the busiest device of those that share the experts, of `tokens` tokens on all of them.
  ExpertShare share(const Parallelism& split, std::uint64_t tokens) const;

  Tensor write(GraphBuilder& builder, const Tensor& x) const;

 private:
  // That a token has an expert among those of one of `devices`.
  double reaches(std::uint64_t devices) const;
  Tensor routed(GraphBuilder& builder, const Tensor& x) const;
};

}  // namespace orrery
