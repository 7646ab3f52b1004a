#pragma once
// Attention of grouped queries (one key and value head for several query heads) over a cache of keys and
// values: projections, rotation, cache, attention, output projection.

#include "sim/workload/blocks/sparse_index.h"
#include "sim/workload/graph_builder.h"

namespace orrery {

// What is normed of queries and keys: nothing, each head's row (one gain of a head's length for all of them,
// or a gain a head), all heads' row as one, or each head's row to length one, without a gain.
enum class QkNorm : std::uint8_t { none, head, each_head, all_heads, length };

struct AttentionBlock {
  std::uint64_t heads = 0;
  std::uint64_t kv_heads = 0;
  std::uint64_t head_dim = 0;
  bool rotary = false;
  bool both_ways = false;  // an encoder's: nothing is masked, nothing is kept
  bool qkv_bias = false, output_bias = false;
  bool key_bias = true;        // with the other two
  std::uint64_t input = 0;     // length of the rows that it takes; 0 = the model's
  bool shared_values = false;  // values are the keys before their norm: no product of their own
  std::optional<SparseIndex> index = std::nullopt;
  std::uint64_t table = 0;  // learned numbers a head for distances between positions
  QkNorm qk_norm = QkNorm::none;
  bool gated = false;       // a product as wide as the queries, whose sigmoid scales the results
  std::uint64_t sinks = 0;  // learned scores that a head adds to its softmax
  std::uint64_t window =
      0;  // tokens that a query sees, itself included (both ways: half to each side); 0 = all
  std::uint64_t dilation = 1;     // tokens that a query sees are so far apart; a window counts those
  std::uint64_t global = 0;       // first tokens, that all see beside a window
  std::uint64_t density_ppm = 0;  // millionths of the pairs that this leaves which are computed; 0 = all
  std::uint64_t kept_ppm = kWholeDensity;  // millionths of the tokens that come so far (LayerRun)

  // What keeps it from being divided so, "" where nothing does. Over `devices`: elements that a sequence of
  // `context` tokens leaves in one's cache; what it leaves in place of one; elements of a token in its widest
  // tensor.
  std::string misfit(const Parallelism& split) const;
  std::uint64_t cached_elements(std::uint64_t devices, std::uint64_t context) const;
  KeptState state(std::uint64_t /*devices*/, const StoredFormat& /*plain*/) const { return {}; }
  std::uint64_t widest(std::uint64_t /*devices*/) const { return 0; }

  Tensor write(GraphBuilder& builder, const Tensor& x) const;

  // Of one of `devices`: where heads do not divide they are padded, where there are fewer key and value heads
  // than devices, replicated.
  struct Heads {
    std::uint64_t query = 0, kv = 0;
  };
  Heads on_each(std::uint64_t devices) const;

 private:
  bool sparse() const { return window > 0 || dilation > 1 || density_ppm > 0 || index.has_value(); }
  // The groups as attention has them: each query that chooses its positions for itself, and a sequence whose
  // queries see one of every `dilation` positions as that many sequences.
  std::vector<SequenceGroup> attended(const std::vector<SequenceGroup>& groups) const;
  // Positions of a sequence's cache that some query of the step sees.
  std::uint64_t seen(const SequenceGroup& group) const;
  SequenceGroup thinned(const SequenceGroup& group) const;
  Tensor projected(GraphBuilder& builder, const Tensor& x, std::uint64_t cols) const;
  Tensor normed(GraphBuilder& builder, const Tensor& qkv) const;
  // Query positions of groups against cached ones.
  struct Piece {
    std::vector<SequenceGroup> groups;
    bool causal = false;
    std::string suffix = {};  // of its cache
    bool more = false;        // of the same result
  };
  void attend(GraphBuilder& builder, const Piece& piece, const Tensor& query, const Tensor& out) const;
  void attend_apart(GraphBuilder& builder, const Piece& piece, const Tensor& query, const Tensor& out) const;
  void attend_apart(GraphBuilder& builder, const SequenceGroup& g, const Heads& of, const std::string& suffix,
                    bool more, const Tensor& query, const Tensor& out) const;
  // Either, as the machine has it.
  void attend_to(GraphBuilder& builder, const std::vector<SequenceGroup>& groups, const Tensor& query,
                 const Tensor& out) const;
  void attend_in_ring(GraphBuilder& builder, const std::vector<SequenceGroup>& groups, const Tensor& query,
                      const Tensor& out) const;
};

}  // namespace orrery
