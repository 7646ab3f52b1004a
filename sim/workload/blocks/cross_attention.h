#pragma once
// Attention of a decoder to what an encoder made of the prompt: keys and values of it are made once, when the
// prompt is read, and stay.

#include "sim/workload/graph_builder.h"

namespace orrery {

struct CrossAttentionBlock {
  std::uint64_t heads = 0, head_dim = 0;
  bool query_bias = false, value_bias = false, output_bias = false;
  bool key_bias = false;  // beside that of values

  // As of AttentionBlock; what it keeps goes by the prompt, not by the tokens after it.
  std::string misfit(const Parallelism& split) const {
    return either(whole_context(split, "attention across"),
                  undivided(heads, "heads of attention across", split));
  }
  std::uint64_t cached_elements(std::uint64_t /*devices*/, std::uint64_t /*context*/) const { return 0; }
  std::uint64_t source_elements(std::uint64_t devices) const { return 2 * heads / devices * head_dim; }
  KeptState state(std::uint64_t /*devices*/, const StoredFormat& /*plain*/) const { return {}; }
  std::uint64_t widest(std::uint64_t devices) const { return 2 * heads / devices * head_dim; }

  Tensor write(GraphBuilder& builder, const Tensor& x) const;
};

}  // namespace orrery
