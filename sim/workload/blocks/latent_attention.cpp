#include "sim/workload/blocks/latent_attention.h"

#include "sim/util/checked.h"
#include "sim/workload/blocks/linear.h"
#include "sim/workload/blocks/norm.h"

namespace orrery {
namespace {

AttentionShape shape_of(const std::vector<SequenceGroup>& groups, std::uint64_t heads, std::uint64_t kv_heads,
                        std::uint64_t head_dim, std::uint64_t value_dim) {
  const SequenceGroup& first = groups.front();
  AttentionShape shape{first.sequences, heads, kv_heads, head_dim, first.new_tokens, first.context};
  shape.causal = first.new_tokens > 1;
  shape.value_dim = value_dim;
  for (std::size_t i = 1; i < groups.size(); ++i)
    shape.more.push_back({groups[i].sequences, groups[i].new_tokens, groups[i].context});
  return shape;
}

}  // namespace

std::uint64_t LatentAttentionBlock::cached_elements(std::uint64_t /*devices*/, std::uint64_t context) const {
  return checked_product({kv_rank + rotary_dim, context});
}

// [tokens, query_rank], or the token's row where queries have no latent of their own.
Tensor LatentAttentionBlock::query_latent(GraphBuilder& builder, const Tensor& x) const {
  if (query_rank == 0) return x;
  const std::uint64_t tokens = builder.tokens();
  const Tensor down = product(builder, x, "q_down", TensorGroup::attention, tokens, builder.facts().hidden,
                              query_rank, biases);
  const Tensor normed = builder.activation("q_latent", {tokens, query_rank});
  head_norm(builder, down, normed, "q_latent_norm_weight", tokens, query_rank, query_rank, false);
  return normed;
}

// What a token leaves in the cache.
Tensor LatentAttentionBlock::latent(GraphBuilder& builder, const Tensor& x) const {
  const GraphFacts& facts = builder.facts();
  const std::uint64_t tokens = builder.tokens();
  const std::uint64_t cols = kv_rank + rotary_dim;
  const Tensor down =
      product(builder, x, "kv_down", TensorGroup::attention, tokens, facts.hidden, cols, biases);
  const Tensor normed = builder.activation("kv_latent", {tokens, cols});
  head_norm(builder, down, normed, "kv_latent_norm_weight", tokens, kv_rank, kv_rank, false);
  if (!builder.trains() && !facts.execution.fuses(FusedOperator::kv_append))
    builder.append(OperatorKind::kv_append, VectorShape{tokens, cols}, {view(normed, {tokens, cols})},
                   {builder.cache("latent_new", {tokens, cols})});
  return normed;
}

// Keys and values of every head, of all that is cached, and attention as usual.
void LatentAttentionBlock::expand(GraphBuilder& builder, const std::vector<SequenceGroup>& groups,
                                  const Tensor& query, const Tensor& out) const {
  const std::uint64_t each = heads / builder.facts().split.tensor;
  const AttentionShape shape = shape_of(groups, each, each, plain_dim + rotary_dim, value_dim);
  const std::uint64_t cached = shape.cached_positions();
  const std::uint64_t cols = each * (plain_dim + value_dim);
  const Tensor latents = builder.cache("latent_cache", {cached, kv_rank});
  const Tensor expanded = product(builder, latents, "kv_up", TensorGroup::attention, cached, kv_rank, cols);
  const Tensor keys = view(expanded, {cached, each * (plain_dim + rotary_dim)});
  builder.append(OperatorKind::attention, shape,
                 {view(query, {shape.query_positions(), each * shape.head_dim}), keys,
                  view(expanded, {cached, each * value_dim})},
                 {view(out, {shape.query_positions(), each * value_dim})});
}

// Queries taken into the latent's space, attention to it, results taken out.
void LatentAttentionBlock::absorb(GraphBuilder& builder, const std::vector<SequenceGroup>& groups,
                                  const Tensor& query, const Tensor& out, bool more) const {
  const std::uint64_t each = heads / builder.facts().split.tensor;
  const AttentionShape shape = shape_of(groups, each, 1, kv_rank + rotary_dim, kv_rank);
  const std::uint64_t rows = shape.query_positions();
  const Tensor inner = builder.activation("q_absorbed", {rows, each * shape.head_dim});
  builder.append(OperatorKind::matmul, MatmulShape{each, rows, kv_rank, plain_dim},
                 {view(query, {each, rows, plain_dim}),
                  builder.weight("kv_up_keys_weight", {each, plain_dim, kv_rank}, TensorGroup::attention)},
                 {view(inner, {each, rows, kv_rank})});
  const Tensor mixed = builder.activation("latent_mixed", {rows, each * kv_rank});
  builder.append(OperatorKind::mla, shape,
                 {inner, builder.cache("latent_cache_decoding", {shape.cached_positions(), shape.head_dim})},
                 {mixed});
  builder.append(OperatorKind::matmul, MatmulShape{each, rows, value_dim, kv_rank},
                 {view(mixed, {each, rows, kv_rank}),
                  builder.weight("kv_up_values_weight", {each, kv_rank, value_dim}, TensorGroup::attention)},
                 {view(out, {each, rows, value_dim})}, more);
}

Tensor LatentAttentionBlock::write(GraphBuilder& builder, const Tensor& x) const {
  const GraphFacts& facts = builder.facts();
  const std::uint64_t tokens = builder.tokens();
  const std::uint64_t each = heads / facts.split.tensor;
  const Tensor low = query_latent(builder, x);
  const std::uint64_t depth = query_rank > 0 ? query_rank : facts.hidden;
  const Tensor query = product(builder, low, query_rank > 0 ? "q_up" : "q", TensorGroup::attention, tokens,
                               depth, each * (plain_dim + rotary_dim));
  const Tensor normed = latent(builder, x);
  const std::uint64_t rotated = (each + 1) * rotary_dim;  // of every head's query, and the one key
  builder.append(OperatorKind::rope, VectorShape{tokens, rotated}, {view(normed, {tokens, rotated})},
                 {builder.activation("rotated", {tokens, rotated})});
  const Tensor out = builder.activation("attention", {tokens, each * value_dim});
  if (index) index->write(builder, x, low);
  std::vector<SequenceGroup> prompts;
  std::vector<SequenceGroup> decoding;
  for (const SequenceGroup& g : builder.step().groups) {
    if (index && index->chooses(g)) {
      decoding.push_back(index->chosen(g));
    } else {
      (g.new_tokens > 1 && g.phase != Phase::decode ? prompts : decoding).push_back(g);
    }
  }
  if (!prompts.empty()) expand(builder, prompts, query, out);
  if (!decoding.empty()) absorb(builder, decoding, query, out, !prompts.empty());
  return project(builder, out, "attention_output", TensorGroup::attention, heads * value_dim, biases);
}

}  // namespace orrery
