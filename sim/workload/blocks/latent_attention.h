#pragma once
// Attention over a latent of keys and values that all heads share (DeepSeek-V2, arXiv 2405.04434,
// section 2.1): a token leaves its latent and one rotated key. Prompts expand it to keys and values of every
// head; decoding multiplies the expansion into queries and results (absorbed), and attends to the latent
// itself.

#include "sim/workload/blocks/sparse_index.h"
#include "sim/workload/graph_builder.h"

namespace orrery {

struct LatentAttentionBlock {
  std::uint64_t heads = 0;
  std::uint64_t query_rank = 0;  // of the queries' own latent; 0 = none
  std::uint64_t kv_rank = 0;     // of the cached latent
  std::uint64_t plain_dim = 0;   // of a head's key, without positions ...
  std::uint64_t rotary_dim = 0;  // ... and with them, shared by all heads
  std::uint64_t value_dim = 0;   // of a head
  bool biases = false;           // of the products into the latents and of the last one
  std::optional<SparseIndex> index = std::nullopt;

  // As of AttentionBlock. The latent lies on every device.
  std::string misfit(const Parallelism& split) const {
    return either(whole_context(split, "latent attention"), undivided(heads, "heads", split));
  }
  std::uint64_t cached_elements(std::uint64_t devices, std::uint64_t context) const;
  KeptState state(std::uint64_t /*devices*/, const StoredFormat& /*plain*/) const { return {}; }
  std::uint64_t widest(std::uint64_t devices) const { return heads / devices * (plain_dim + rotary_dim); }

  Tensor write(GraphBuilder& builder, const Tensor& x) const;

 private:
  Tensor query_latent(GraphBuilder& builder, const Tensor& x) const;
  Tensor latent(GraphBuilder& builder, const Tensor& x) const;
  void expand(GraphBuilder& builder, const std::vector<SequenceGroup>& groups, const Tensor& query,
              const Tensor& out) const;
  void absorb(GraphBuilder& builder, const std::vector<SequenceGroup>& groups, const Tensor& query,
              const Tensor& out, bool more) const;
};

}  // namespace orrery
