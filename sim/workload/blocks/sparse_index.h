#pragma once
// Sparse attention: which positions of a sequence are read is chosen first.

#include "sim/workload/graph_builder.h"

namespace orrery {

// Keys of a cache as a query that chooses among them reads them: one in place of so many neighbours (MoBA, Lu
// et al., arXiv 2502.13189: their mean), by the model's own heads.
struct BlockSummaries {
  std::uint64_t kv_heads = 1;
  std::uint64_t positions = 64;  // that one stands for
};

// Light heads that choose the positions of a sequence which attention reads, on every device (DeepSeek-V3.2,
// arXiv 2512.02556, section 2.1). A token leaves one key for them beside its latent.
struct SparseIndex {
  std::uint64_t heads = 0, head_dim = 0;
  std::uint64_t positions = 0;  // that a query reads at most
  bool weighted = true;         // keys are normed, heads weighted by a product (else their largest counts)
  std::optional<BlockSummaries> blocks = std::nullopt;  // in place of heads of its own

  // Whether a group's queries read fewer positions than there are; the attention of those that do, query by
  // query.
  bool chooses(const SequenceGroup& group) const {
    // Blocks are chosen for what decodes; a prompt's queries share what they read, which is all.
    const bool prompt = group.phase != Phase::decode && group.new_tokens > 1;
    return group.context > positions && !(blocks && prompt);
  }
  SequenceGroup chosen(const SequenceGroup& group) const {
    return {group.phase, group.sequences * group.new_tokens, 1, positions, 0};
  }

  // Elements that a token leaves for it, on one of `devices`; summaries share theirs.
  std::uint64_t kept_elements(std::uint64_t devices) const;

  // `query`: what the heads' queries are made of; with blocks, the queries.
  void write(GraphBuilder& builder, const Tensor& x, const Tensor& query) const;

 private:
  Tensor own_query(GraphBuilder& builder, const Tensor& x, const Tensor& query) const;
};

}  // namespace orrery
