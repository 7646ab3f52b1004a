#include "sim/workload/blocks/attention.h"

#include <fmt/format.h>

#include <algorithm>

#include "sim/util/checked.h"
#include "sim/workload/blocks/attention_products.h"
#include "sim/workload/blocks/linear.h"
#include "sim/workload/blocks/norm.h"

namespace orrery {

std::string AttentionBlock::misfit(const Parallelism& split) const {
  if (split.context > 1 && sparse()) return whole_context(split, "attention to a part of the positions");
  return split.tensor <= heads ? "" : fmt::format("{} heads over --tp {}", heads, split.tensor);
}

AttentionBlock::Heads AttentionBlock::on_each(std::uint64_t devices) const {
  const std::uint64_t queries = heads / kv_heads;  // of a key's head
  if (devices <= kv_heads) {
    const std::uint64_t kv = ceil_div(kv_heads, devices);
    return {kv * queries, kv};
  }
  return {ceil_div(queries, devices / kv_heads), 1};
}

std::uint64_t AttentionBlock::cached_elements(std::uint64_t devices, std::uint64_t context) const {
  if (both_ways) return 0;
  const std::uint64_t come = ceil_div(checked_product({context, kept_ppm}), kWholeDensity);
  // What lies between the positions of a dilated window is some other query's.
  const std::uint64_t kept =
      window > 0 ? std::min(checked_sum(checked_product({window, dilation}), global), come) : come;
  return checked_product({2, on_each(devices).kv, head_dim, kept});
}

// Queries and keys, normed; the values pass by.
Tensor AttentionBlock::normed(GraphBuilder& builder, const Tensor& qkv) const {
  const auto [query_heads, kv_heads_each] = on_each(builder.facts().split.tensor);
  const std::uint64_t tokens = builder.tokens();
  const std::uint64_t all = query_heads + kv_heads_each;
  const Tensor out = builder.activation("qk_normed", {tokens, all * head_dim});
  if (qk_norm == QkNorm::all_heads) {
    const std::uint64_t query_cols = query_heads * head_dim;
    const std::uint64_t key_cols = kv_heads_each * head_dim;
    head_norm(builder, qkv, out, "q_norm_weight", tokens, query_cols, query_cols, false);
    head_norm(builder, qkv, out, "k_norm_weight", tokens, key_cols, key_cols, true);
    return out;
  }
  if (qk_norm == QkNorm::length) {
    const std::vector<std::uint64_t> rows = {tokens * all, head_dim};
    builder.append(OperatorKind::l2norm, VectorShape{rows[0], rows[1]}, {view(qkv, rows)}, {view(out, rows)});
    return out;
  }
  const std::uint64_t held = qk_norm == QkNorm::head ? 2 * head_dim : all * head_dim;
  head_norm(builder, qkv, out, "qk_norm_weight", tokens * all, head_dim, held, false);
  return out;
}

// Queries, keys and values of all tokens, in one product or a head's length at a time.
Tensor AttentionBlock::projected(GraphBuilder& builder, const Tensor& x, std::uint64_t cols) const {
  const GraphFacts& facts = builder.facts();
  const std::uint64_t tokens = builder.tokens(), k = input > 0 ? input : facts.hidden;
  if (!facts.execution.heads_apart)
    return product(builder, x, "qkv", TensorGroup::attention, tokens, k, cols);
  const Tensor in = builder.quantised(x, TensorGroup::attention);
  const Tensor out = builder.activation("qkv", {tokens, cols});
  for (std::uint64_t head = 0; head * head_dim < cols; ++head) {
    const Tensor weight =
        builder.weight(fmt::format("qkv_weight_{}", head), {k, head_dim}, TensorGroup::attention);
    builder.append(OperatorKind::matmul, MatmulShape{1, tokens, head_dim, k}, {in, weight},
                   {view(out, {tokens, head_dim})}, head > 0);
  }
  return out;
}

Tensor AttentionBlock::write(GraphBuilder& builder, const Tensor& x) const {
  const GraphFacts& facts = builder.facts();
  const auto [query_heads, kv_heads_each] = on_each(facts.split.tensor);
  const std::uint64_t tokens = builder.tokens();
  const std::uint64_t query_cols = query_heads * head_dim;
  const std::uint64_t kv_cols = kv_heads_each * head_dim;
  const Tensor products =
      projected(builder, x, (gated ? 2 : 1) * query_cols + (shared_values ? 1 : 2) * kv_cols);
  if (qkv_bias) builder.hold_bias("qkv", (gated ? 2 : 1) * query_cols + (key_bias ? 2 : 1) * kv_cols);
  const Tensor qkv = qkv_bias ? biased(builder, products, "qkv") : products;
  if (table > 0) builder.hold("distances", table * query_heads);
  if (sinks > 0) builder.hold("sinks", sinks * query_heads);
  Tensor query = qk_norm == QkNorm::none ? qkv : normed(builder, qkv);
  if (rotary) {
    const std::vector<std::uint64_t> rotated = {tokens, query_cols + kv_cols};
    const Tensor in = query;
    query = builder.activation("q_rotated", rotated);
    builder.append(OperatorKind::rope, VectorShape{tokens, query_cols + kv_cols}, {view(in, rotated)},
                   {query});
  }
  if (!both_ways && !builder.trains() && !facts.execution.fuses(FusedOperator::kv_append)) {
    const std::vector<std::uint64_t> appended = {tokens, 2 * kv_cols};
    builder.append(OperatorKind::kv_append, VectorShape{tokens, 2 * kv_cols}, {view(query, appended)},
                   {builder.cache("kv_new", appended)});
  }
  if (index) index->write(builder, x, index->blocks ? query : x);
  const std::vector<SequenceGroup> groups = attended(builder.step().groups);
  const bool by_products = !facts.execution.fuses(FusedOperator::attention);
  if (by_products) query = reordered(builder, query);
  const Tensor made = builder.activation("attention", {tokens, query_cols});
  if (facts.split.context > 1) {
    attend_in_ring(builder, groups, query, made);
  } else {
    attend_to(builder, groups, query, made);
  }
  const Tensor out = by_products ? reordered(builder, made) : made;
  if (gated) {
    const Tensor scaled = builder.activation("attention_gated", {tokens, query_cols});
    builder.append(OperatorKind::gate_mul, VectorShape{tokens, query_cols},
                   {out, view(qkv, {tokens, query_cols})}, {scaled});
    return project(builder, scaled, "attention_output", TensorGroup::attention,
                   query_cols * facts.split.tensor, output_bias);
  }
  return project(builder, out, "attention_output", TensorGroup::attention, query_cols * facts.split.tensor,
                 output_bias);
}

std::vector<SequenceGroup> AttentionBlock::attended(const std::vector<SequenceGroup>& groups) const {
  std::vector<SequenceGroup> all;
  for (const SequenceGroup& g : groups) {
    if (index && index->chooses(g)) {
      all.push_back(index->chosen(g));
      continue;
    }
    const std::size_t first = all.size();
    // Positions that are a multiple of `dilation` apart are a sequence.
    for (std::uint64_t r = 0; r < dilation; ++r) {
      const auto of = [&](std::uint64_t positions) { return (positions + dilation - 1 - r) / dilation; };
      const std::uint64_t context = of(g.context);
      const std::uint64_t queries = context - of(g.context - g.new_tokens);
      if (queries == 0) continue;
      const auto same =
          std::find_if(all.begin() + static_cast<std::ptrdiff_t>(first), all.end(),
                       [&](const auto& s) { return s.new_tokens == queries && s.context == context; });
      if (same != all.end()) {
        same->sequences += g.sequences;
      } else {
        all.push_back({g.phase, g.sequences, queries, context});
      }
    }
  }
  return all;
}

std::uint64_t AttentionBlock::seen(const SequenceGroup& group) const {
  if (both_ways && group.new_tokens == group.context) return group.context;
  return window > 0 ? std::min(group.context, checked_sum(window, global) + group.new_tokens - 1)
                    : group.context;
}

// Queries that stand alone read only what their density leaves them.
SequenceGroup AttentionBlock::thinned(const SequenceGroup& group) const {
  SequenceGroup thin = group;
  if (density_ppm > 0 && group.new_tokens == 1)
    thin.context = ceil_div(checked_product({group.context, density_ppm}), kWholeDensity);
  return thin;
}

void AttentionBlock::attend_to(GraphBuilder& builder, const std::vector<SequenceGroup>& groups,
                               const Tensor& query, const Tensor& out) const {
  if (!builder.facts().execution.fuses(FusedOperator::attention)) {
    attend_apart(builder, {groups}, query, out);
    return;
  }
  // Kernels for prompts and for sequences that decode are not the same.
  std::vector<SequenceGroup> prompts;
  std::vector<SequenceGroup> decoding;
  for (const SequenceGroup& group : groups)
    (group.new_tokens > 1 && group.phase != Phase::decode ? prompts : decoding).push_back(group);
  const bool both = !prompts.empty() && !decoding.empty();
  if (!prompts.empty()) attend(builder, {prompts, !both_ways, "", false}, query, out);
  const bool verifies =
      std::any_of(decoding.begin(), decoding.end(), [](const SequenceGroup& g) { return g.new_tokens > 1; });
  if (!decoding.empty()) attend(builder, {decoding, verifies, both ? "_decoding" : "", both}, query, out);
}

// Ring attention (Liu et al., arXiv 2310.01889): each device has some of the queries, and keys and values go
// round. A device's queries are two pieces, one from each end of the prompt, so that causal devices have the
// same to do: all pairs of its own, and half of those of each other device. Sequences that decode are on all
// devices, with a part of the cache on each.
void AttentionBlock::attend_in_ring(GraphBuilder& builder, const std::vector<SequenceGroup>& groups,
                                    const Tensor& query, const Tensor& out) const {
  const GraphFacts& facts = builder.facts();
  const std::uint64_t devices = facts.split.context;
  const bool fused = facts.execution.fuses(FusedOperator::attention);
  const auto piece_of = [&](const Piece& piece) {
    fused ? attend(builder, piece, query, out) : attend_apart(builder, piece, query, out);
  };
  std::vector<SequenceGroup> own;     // pairs on the device
  std::vector<SequenceGroup> others;  // with what comes from one other
  std::vector<SequenceGroup> decoding;
  std::uint64_t positions = 0;  // whose keys and values travel at once
  std::uint64_t merged = 0;
  for (const SequenceGroup& g : groups) {
    if (g.phase == Phase::decode || g.new_tokens == 1) {
      decoding.push_back({g.phase, g.sequences, g.new_tokens, ceil_div(g.context, devices)});
      merged += g.sequences * g.new_tokens;
      continue;
    }
    const std::uint64_t queries = builder.own_tokens(g);
    const std::uint64_t before = ceil_div(g.context - g.new_tokens, devices);
    own.push_back({g.phase, g.sequences, queries, before + queries});
    others.push_back({g.phase, g.sequences, queries,
                      before + (both_ways ? queries : ceil_div<std::uint64_t>(queries, 2))});
    positions += g.sequences * (before + queries);
  }
  if (!own.empty()) {
    piece_of({own, !both_ways, "", false});
    const std::uint64_t cols = 2 * on_each(facts.split.tensor).kv * head_dim;
    Tensor block = builder.cache("kv_own", {positions, cols});
    for (std::uint64_t step = 1; step < devices; ++step) {
      const std::string suffix = "_ring_" + std::to_string(step);
      const Tensor next = builder.cache("kv" + suffix, {positions, cols});
      builder.append(OperatorKind::shift, CollectiveShape::over(next.bytes(), facts.split.context_group()),
                     {block}, {next});
      piece_of({others, false, suffix, true});
      block = next;
    }
  }
  if (decoding.empty()) return;
  piece_of({decoding, false, "_decoding", !own.empty()});
  const std::uint64_t cols = on_each(facts.split.tensor).query * head_dim;
  const Tensor parts = view(out, {merged, cols});
  builder.append(OperatorKind::all_reduce,
                 collective_shape(builder.facts().execution, OperatorKind::all_reduce, parts.bytes(),
                                  facts.split.context_group()),
                 {parts}, {parts}, true);
}

// One operator for all these sequences, whatever their lengths: a part of the attention.
void AttentionBlock::attend(GraphBuilder& builder, const Piece& piece, const Tensor& query,
                            const Tensor& out) const {
  const bool alone = std::all_of(piece.groups.begin(), piece.groups.end(),
                                 [](const SequenceGroup& g) { return g.new_tokens == 1; });
  std::vector<SequenceGroup> groups = piece.groups;
  if (alone) {
    for (SequenceGroup& g : groups) g = thinned(g);
  }
  const auto [query_heads, kv_heads_each] = on_each(builder.facts().split.tensor);
  const SequenceGroup& first = groups.front();
  AttentionShape shape{first.sequences, query_heads, kv_heads_each, head_dim, first.new_tokens, seen(first)};
  shape.causal = piece.causal;
  for (const SequenceGroup& g : groups) {
    if (&g != &first) shape.more.push_back({g.sequences, g.new_tokens, seen(g)});
    // One query's window is all that is read of the cache.
    if ((shape.causal || both_ways) && window > 0 && window + global < seen(g)) shape.window = window;
  }
  if (shape.window && global > 0) shape.global = global;
  if (density_ppm > 0 && !alone) shape.density_ppm = density_ppm;
  const std::uint64_t cols = kv_heads_each * head_dim;
  const std::vector<std::uint64_t> cached =
      groups.size() == 1 ? std::vector<std::uint64_t>{first.sequences, seen(first), cols}
                         : std::vector<std::uint64_t>{shape.cached_positions(), cols};
  const std::vector<std::uint64_t> rows = {shape.query_positions(), query_heads * head_dim};
  builder.append(OperatorKind::attention, shape,
                 {view(query, rows), builder.cache("k_cache" + piece.suffix, cached),
                  builder.cache("v_cache" + piece.suffix, cached)},
                 {view(out, rows)}, piece.more);
}

// A group's part of the attention, as three operators, of all heads or of each; sequences of a group are
// alike, and run side by side.
void AttentionBlock::attend_apart(GraphBuilder& builder, const Piece& piece, const Tensor& query,
                                  const Tensor& out) const {
  const Heads all = on_each(builder.facts().split.tensor);
  const bool one_by_one = builder.facts().execution.heads_apart;
  const std::uint64_t parts = one_by_one ? all.kv : 1;
  for (std::size_t i = 0; i < piece.groups.size(); ++i) {
    for (std::uint64_t part = 0; part < parts; ++part) {
      const std::string suffix =
          piece.suffix + group_suffix(i) + (part > 0 ? fmt::format("_head_{}", part) : "");
      attend_apart(builder, piece.groups[i], {all.query / parts, all.kv / parts}, suffix,
                   piece.more || i > 0 || part > 0, query, out);
    }
  }
}

void AttentionBlock::attend_apart(GraphBuilder& builder, const SequenceGroup& g, const Heads& of,
                                  const std::string& suffix, bool more, const Tensor& query,
                                  const Tensor& out) const {
  const AttentionExtents extents{g.sequences, g.new_tokens, seen(thinned(g)), of.query, of.kv, head_dim};
  const std::vector<std::uint64_t> cached = {extents.sequences, extents.positions, of.kv * head_dim};
  attend_by_products(builder, extents, query, builder.cache("k_cache" + suffix, cached),
                     builder.cache("v_cache" + suffix, cached), out, suffix, more);
}

}  // namespace orrery
