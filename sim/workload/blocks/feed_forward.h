#pragma once
// A feed-forward block: up, activation, down; gated (up is two products, one of which the other's activation
// scales) or plain.

#include <string>

#include "sim/workload/graph_builder.h"

namespace orrery {

// gelu stands for plain activations that take as many passes (relu, squared relu).
enum class ActivationKind : std::uint8_t { silu_gated, gelu_gated, gelu };

OperatorKind activation_operator(ActivationKind kind);

struct FeedForwardBlock {
  std::uint64_t width = 0;
  ActivationKind activation = ActivationKind::silu_gated;
  bool biases = false;
  std::string name = {};  // before those of its tensors, where a layer has two
  TensorGroup group = TensorGroup::feed_forward;

  // As of AttentionBlock.
  std::string misfit(const Parallelism& split) const {
    return undivided(width, "columns of the feed-forward block", split);
  }
  std::uint64_t cached_elements(std::uint64_t /*devices*/, std::uint64_t /*context*/) const { return 0; }
  KeptState state(std::uint64_t /*devices*/, const StoredFormat& /*plain*/) const { return {}; }
  std::uint64_t widest(std::uint64_t devices) const { return 2 * width / devices; }

  Tensor write(GraphBuilder& builder, const Tensor& x) const;

 private:
  // Neurons of a device that are computed of `cols`; those that are not known there are read.
  std::uint64_t computed(GraphBuilder& builder, const Tensor& x, std::uint64_t cols) const;
};

}  // namespace orrery
