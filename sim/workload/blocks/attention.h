#pragma once
// Attention of grouped queries (one key and value head for several query heads) over a cache of keys and
// values: projections, rotation, cache, attention, output projection.

#include "sim/workload/graph_builder.h"

namespace orrery {

struct AttentionBlock {
  std::uint64_t heads = 0;
  std::uint64_t kv_heads = 0;
  std::uint64_t head_dim = 0;
  bool rotary = false;
  bool both_ways = false;  // an encoder's: nothing is masked, nothing is kept
  bool qkv_bias = false, output_bias = false;

  // Over `devices`: whether it can be; elements that a token leaves in one's cache; elements of a token in
  // its widest tensor.
  bool splits(std::uint64_t devices) const;
  std::uint64_t cached_elements(std::uint64_t devices) const;
  std::uint64_t widest(std::uint64_t /*devices*/) const { return 0; }

  Tensor write(GraphBuilder& builder, const Tensor& x) const;

 private:
  struct Heads {
    std::uint64_t query = 0, kv = 0;
  };
  Heads on_each(std::uint64_t devices) const;
  void attend(GraphBuilder& builder, const std::vector<SequenceGroup>& groups, const std::string& suffix,
              const Tensor& query, const Tensor& out, bool more) const;
  void attend_apart(GraphBuilder& builder, std::size_t group, const Tensor& query, const Tensor& out) const;
};

}  // namespace orrery
