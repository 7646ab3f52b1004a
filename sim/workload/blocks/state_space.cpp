#include "sim/workload/blocks/state_space.h"

#include <algorithm>

#include "sim/util/checked.h"
#include "sim/workload/blocks/linear.h"
#include "sim/workload/blocks/norm.h"
#include "sim/workload/blocks/short_conv.h"

namespace orrery {
namespace {

// The convolution's last tokens are kept as they come, the state in its own format.
KeptState kept_of(std::uint64_t convolved, std::uint64_t state, const StoredFormat& plain,
                  const StoredFormat& format) {
  return {checked_sum(convolved, state), checked_sum(plain.bytes(convolved), format.bytes(state))};
}

}  // namespace

KeptState MambaBlock::state(std::uint64_t devices, const StoredFormat& plain) const {
  const std::uint64_t channels = inner / devices;
  return kept_of(channels * taps, channels * states, plain, kept.value_or(plain));
}

Tensor MambaBlock::write(GraphBuilder& builder, const Tensor& x) const {
  const GraphFacts& facts = builder.facts();
  const std::uint64_t tokens = builder.tokens();
  const std::uint64_t cols = inner / facts.split.tensor;
  const std::vector<std::uint64_t> rows = {tokens, cols};
  const Tensor in =
      product(builder, x, "mamba_in", TensorGroup::state, tokens, facts.hidden, 2 * cols, biases);
  const Tensor convolved = short_conv(builder, view(in, rows), "mamba_conv", cols, taps, conv_bias);
  // Each device has some of the channels; their sums give steps and weights.
  const std::uint64_t small = step_rank + 2 * states;
  const Tensor part = product(builder, convolved, "mamba_x", TensorGroup::state, tokens, cols, small);
  const Tensor weights = exchange(builder, OperatorKind::all_reduce, part, "mamba_x_reduced", tokens, small,
                                  facts.split.tensor_group());
  Tensor step = view(weights, {tokens, step_rank});
  if (normed) {
    const Tensor out = builder.activation("mamba_step_normed", {tokens, step_rank});
    head_norm(builder, step, out, "mamba_step_norm_weight", tokens, step_rank, step_rank, false);
    builder.hold("mamba_states_norm_weight", 2 * states);
    step = out;
  }
  const Tensor steps =
      product(builder, step, "mamba_step", TensorGroup::state, tokens, step_rank, cols, true);
  builder.hold("mamba_decay", cols * states);
  builder.hold("mamba_skip", cols);
  const Tensor taken = builder.activation("mamba_steps_taken", rows);  // softplus, times what comes in
  builder.append(OperatorKind::gate_mul, VectorShape{tokens, cols}, {convolved, steps}, {taken});
  const Tensor scanned = builder.activation("mamba_scanned", rows);
  for (std::size_t i = 0; i < builder.step().groups.size(); ++i) {
    scan_channels(builder, OperatorKind::selective_scan, builder.step().groups[i],
                  "mamba_state" + group_suffix(i), kept.value_or(facts.formats.plain), taken, scanned, cols,
                  states, i > 0);
  }
  const Tensor out = builder.activation("mamba_out", rows);
  builder.append(OperatorKind::gate_mul, VectorShape{tokens, cols}, {scanned, view(in, rows)}, {out});
  return project(builder, out, "mamba_output", TensorGroup::state, inner, biases);
}

std::uint64_t Mamba2Block::channels_on(std::uint64_t devices) const {
  return heads / devices * head_dim + 2 * groups_on(devices) * states;
}

KeptState Mamba2Block::state(std::uint64_t devices, const StoredFormat& plain) const {
  return kept_of(channels_on(devices) * taps, heads / devices * head_dim * states, plain,
                 kept.value_or(plain));
}

// A group's prompt: within chunks as attention without a softmax, between them through their states. Masks
// and decays ride on the products.
void Mamba2Block::scan(GraphBuilder& builder, const SequenceGroup& group, const std::string& suffix,
                       const Tensor& in, const Tensor& out, bool more) const {
  const GraphFacts& facts = builder.facts();
  const std::uint64_t each = heads / facts.split.tensor;
  const std::uint64_t shared = groups_on(facts.split.tensor);
  const StoredFormat format = kept.value_or(facts.formats.plain);
  const std::uint64_t channels = each * head_dim;
  if (group.new_tokens == 1) {
    scan_channels(builder, OperatorKind::state_update, group, "mamba_state" + suffix, format, in, out,
                  channels, states, more);
    return;
  }
  const std::uint64_t length = std::min(chunk, group.new_tokens);
  const std::uint64_t chunks = group.sequences * ceil_div(group.new_tokens, length);
  const std::vector<std::uint64_t> heads_rows = {chunks * each, length, head_dim};
  const Tensor scores = builder.activation("mamba_scores" + suffix, {chunks * shared, length, length});
  builder.append(OperatorKind::matmul, MatmulShape{chunks * shared, length, length, states},
                 {view(in, {chunks * shared, length, states}), view(in, {chunks * shared, states, length})},
                 {scores});
  const Tensor within = builder.activation("mamba_within" + suffix, heads_rows);
  builder.append(OperatorKind::matmul, MatmulShape{chunks * each, length, head_dim, length},
                 {view(scores, {chunks * each, length, length}), view(in, {chunks * each, length, head_dim})},
                 {within});
  // Heads of a group take in and let out alike: side by side.
  const std::uint64_t side = each / shared * head_dim;
  const Tensor made = builder.activation("mamba_chunk_states" + suffix, {chunks * shared, states, side});
  builder.append(OperatorKind::matmul, MatmulShape{chunks * shared, states, side, length},
                 {view(in, {chunks * shared, states, length}), view(in, {chunks * shared, length, side})},
                 {made});
  const Tensor passed = builder.activation("mamba_passed_states" + suffix, {chunks * shared, states, side});
  Tensor left = builder.cache("mamba_state" + suffix, {group.sequences, channels, states});
  left.format = format;
  builder.append(OperatorKind::add, VectorShape{chunks * shared, states * side}, {made, made},
                 {passed, left});
  const Tensor between = builder.activation("mamba_between" + suffix, {chunks * shared, length, side});
  builder.append(OperatorKind::matmul, MatmulShape{chunks * shared, length, side, states},
                 {view(in, {chunks * shared, length, states}), passed}, {between});
  const std::vector<std::uint64_t> rows = {group.sequences * group.new_tokens, channels};
  builder.append(OperatorKind::add, VectorShape{rows[0], rows[1]}, {view(within, rows), view(between, rows)},
                 {view(out, rows)}, more);
}

Tensor Mamba2Block::write(GraphBuilder& builder, const Tensor& x) const {
  const GraphFacts& facts = builder.facts();
  const std::uint64_t tokens = builder.tokens();
  const std::uint64_t each = heads / facts.split.tensor;
  const std::uint64_t cols = each * head_dim;
  const std::uint64_t channels = channels_on(facts.split.tensor);
  const std::vector<std::uint64_t> rows = {tokens, cols};
  const Tensor in = product(builder, x, "mamba_in", TensorGroup::state, tokens, facts.hidden,
                            cols + channels + each, biases);
  const Tensor convolved =
      short_conv(builder, view(in, {tokens, channels}), "mamba_conv", channels, taps, conv_bias);
  builder.hold("mamba_decay", each);
  builder.hold("mamba_skip", each);
  builder.hold("mamba_step_bias", each);
  const Tensor scanned = builder.activation("mamba_scanned", rows);
  for (std::size_t i = 0; i < builder.step().groups.size(); ++i)
    scan(builder, builder.step().groups[i], group_suffix(i), convolved, scanned, i > 0);
  const Tensor out = builder.activation("mamba_out", rows);
  if (gated_norm) {
    builder.append(OperatorKind::gated_norm, VectorShape{tokens, cols},
                   {scanned, view(in, rows), builder.weight("mamba_norm_weight", {1, cols})}, {out});
  } else {
    builder.append(OperatorKind::gate_mul, VectorShape{tokens, cols}, {scanned, view(in, rows)}, {out});
  }
  return project(builder, out, "mamba_output", TensorGroup::state, heads * head_dim, biases);
}

KeptState DeltaBlock::state(std::uint64_t devices, const StoredFormat& plain) const {
  const std::uint64_t channels = (2 * key_heads * key_dim + value_heads * value_dim) / devices;
  return kept_of(channels * taps, value_heads / devices * key_dim * value_dim, plain, kept.value_or(plain));
}

// A group's prompt in chunks (the WY form of section 3 there): keys against keys and queries, the inverse of
// a triangle, what each token writes, and states from chunk to chunk.
void DeltaBlock::scan(GraphBuilder& builder, const SequenceGroup& group, const std::string& suffix,
                      const Tensor& in, const Tensor& out, bool more) const {
  const GraphFacts& facts = builder.facts();
  const std::uint64_t each = value_heads / facts.split.tensor;
  const StoredFormat format = kept.value_or(facts.formats.plain);
  const std::uint64_t channels = each * value_dim;
  if (group.new_tokens == 1) {
    scan_channels(builder, OperatorKind::delta_update, group, "delta_state" + suffix, format, in, out,
                  channels, key_dim, more);
    return;
  }
  const std::uint64_t length = std::min(chunk, group.new_tokens);
  const std::uint64_t batch = group.sequences * ceil_div(group.new_tokens, length) * each;
  const auto multiply = [&](const std::string& name, const Tensor& a, const Tensor& b, std::uint64_t m,
                            std::uint64_t n, std::uint64_t k) {
    const Tensor result = builder.activation("delta_" + name + suffix, {batch, m, n});
    builder.append(OperatorKind::matmul, MatmulShape{batch, m, n, k},
                   {view(a, {batch, m, k}), view(b, {batch, k, n})}, {result});
    return result;
  };
  const Tensor scores = multiply("scores", in, in, 2 * length, length, key_dim);  // keys and queries . keys
  const Tensor inverse = multiply("inverse", scores, scores, length, length, length);
  const Tensor wrote = multiply("written", inverse, in, length, key_dim + value_dim, length);
  const Tensor made = multiply("chunk_states", in, wrote, key_dim, value_dim, length);
  const Tensor passed = builder.activation("delta_passed" + suffix, {batch, key_dim, value_dim});
  Tensor left = builder.cache("delta_state" + suffix, {group.sequences, channels, key_dim});
  left.format = format;
  builder.append(OperatorKind::add, VectorShape{batch, key_dim * value_dim}, {made, made}, {passed, left});
  // What chunks before have written, as tokens find it and as queries read it.
  const Tensor found = multiply("found", in, passed, 2 * length, value_dim, key_dim);
  const Tensor within = multiply("within", scores, wrote, length, value_dim, length);
  const std::vector<std::uint64_t> rows = {group.sequences * group.new_tokens, channels};
  builder.append(OperatorKind::add, VectorShape{rows[0], rows[1]}, {view(within, rows), view(found, rows)},
                 {view(out, rows)}, more);
}

Tensor DeltaBlock::write(GraphBuilder& builder, const Tensor& x) const {
  const GraphFacts& facts = builder.facts();
  const std::uint64_t tokens = builder.tokens();
  const std::uint64_t keys = key_heads / facts.split.tensor;
  const std::uint64_t values = value_heads / facts.split.tensor;
  const std::uint64_t channels = 2 * keys * key_dim + values * value_dim;
  const std::uint64_t cols = values * value_dim;
  const bool kimi = kind == Kind::kimi_delta;
  const std::uint64_t gates = kimi ? 0 : cols;
  const Tensor in =
      product(builder, x, "delta_in", TensorGroup::state, tokens, facts.hidden, channels + gates);
  Tensor gate = in;
  if (kimi) {
    // Decays and gates through a head's width; how much is written, a number a head.
    const Tensor decay =
        product(builder, x, "delta_decay_down", TensorGroup::state, tokens, facts.hidden, key_dim);
    product(builder, decay, "delta_decay", TensorGroup::state, tokens, key_dim, keys * key_dim);
    const Tensor down =
        product(builder, x, "delta_gate_down", TensorGroup::state, tokens, facts.hidden, value_dim);
    gate = product(builder, down, "delta_gate", TensorGroup::state, tokens, value_dim, cols);
    product(builder, x, "delta_beta", TensorGroup::state, tokens, facts.hidden, values);
    builder.hold("delta_step_bias", keys * key_dim);
  } else {
    product(builder, x, "delta_beta_decay", TensorGroup::state, tokens, facts.hidden, 2 * values);
    builder.hold("delta_step_bias", values);
  }
  builder.hold("delta_decay_rate", values);
  const Tensor convolved =
      short_conv(builder, view(in, {tokens, channels}), "delta_conv", channels, taps, false);
  const Tensor lengths = builder.activation("delta_normed", {tokens * 2 * keys, key_dim});
  builder.append(OperatorKind::l2norm, VectorShape{tokens * 2 * keys, key_dim},
                 {view(convolved, {tokens * 2 * keys, key_dim})}, {lengths});
  const Tensor scanned = builder.activation("delta_scanned", {tokens, cols});
  for (std::size_t i = 0; i < builder.step().groups.size(); ++i)
    scan(builder, builder.step().groups[i], group_suffix(i), lengths, scanned, i > 0);
  const Tensor out = builder.activation("delta_out", {tokens, cols});
  const std::vector<std::uint64_t> each = {tokens * values, value_dim};
  builder.append(OperatorKind::gated_norm, VectorShape{each[0], each[1]},
                 {view(scanned, each), view(gate, each), builder.weight("delta_norm_weight", {1, value_dim})},
                 {view(out, each)});
  return project(builder, out, "delta_output", TensorGroup::state, value_heads * value_dim, false);
}

}  // namespace orrery
