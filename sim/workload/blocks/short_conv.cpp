#include "sim/workload/blocks/short_conv.h"

#include "sim/workload/blocks/linear.h"
#include "sim/workload/blocks/state_space.h"

namespace orrery {

void scan_channels(GraphBuilder& builder, OperatorKind kind, const SequenceGroup& group,
                   const std::string& state, const StoredFormat& format, const Tensor& x, const Tensor& out,
                   std::uint64_t channels, std::uint64_t states, bool more) {
  const std::vector<std::uint64_t> rows = {group.sequences * group.new_tokens, channels};
  Tensor kept = builder.cache(state, {group.sequences, channels, states});
  kept.format = format;
  builder.append(kind, ScanShape{group.sequences, group.new_tokens, channels, states}, {view(x, rows), kept},
                 {view(out, rows), kept}, more);
}

Tensor short_conv(GraphBuilder& builder, const Tensor& x, const std::string& name, std::uint64_t channels,
                  std::uint64_t taps, bool bias) {
  const Tensor out = builder.activation(name, {builder.tokens(), channels});
  const Tensor weight = builder.weight(name + "_taps", {taps, channels});
  if (bias) builder.hold(name + "_bias", channels);
  const std::vector<SequenceGroup>& groups = builder.step().groups;
  for (std::size_t i = 0; i < groups.size(); ++i) {
    const SequenceGroup& g = groups[i];
    const std::vector<std::uint64_t> rows = {g.sequences * g.new_tokens, channels};
    Tensor kept = builder.cache(name + "_state" + group_suffix(i), {g.sequences, channels, taps});
    kept.format = builder.facts().formats.plain;
    builder.append(OperatorKind::conv1d, ScanShape{g.sequences, g.new_tokens, channels, taps},
                   {view(x, rows), kept, weight}, {view(out, rows), kept}, i > 0);
  }
  return out;
}

KeptState ShortConvBlock::state(std::uint64_t devices, const StoredFormat& plain) const {
  const std::uint64_t elements = inner / devices * taps;
  return {elements, plain.bytes(elements)};
}

// What goes in is gated, convolved, and gated again.
Tensor ShortConvBlock::write(GraphBuilder& builder, const Tensor& x) const {
  const GraphFacts& facts = builder.facts();
  const std::uint64_t tokens = builder.tokens();
  const std::uint64_t cols = inner / facts.split.tensor;
  const std::vector<std::uint64_t> rows = {tokens, cols};
  const Tensor in =
      product(builder, x, "conv_in", TensorGroup::state, tokens, facts.hidden, 3 * cols, biases);
  const Tensor gated = builder.activation("conv_gated", rows);
  builder.append(OperatorKind::mul, VectorShape{tokens, cols}, {view(in, rows), view(in, rows)}, {gated});
  const Tensor convolved = short_conv(builder, gated, "conv", cols, taps, biases);
  const Tensor out = builder.activation("conv_out", rows);
  builder.append(OperatorKind::mul, VectorShape{tokens, cols}, {convolved, view(in, rows)}, {out});
  return project(builder, out, "conv_output", TensorGroup::state, inner, biases);
}

}  // namespace orrery
