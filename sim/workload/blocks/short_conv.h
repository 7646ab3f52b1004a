#pragma once
// The short convolution along a sequence, channel by channel, that stands before states are taken in.

#include "sim/workload/graph_builder.h"

namespace orrery {

// Of `channels` with `taps` each: y of the same shape. Each group of sequences keeps its last tokens.
Tensor short_conv(GraphBuilder& builder, const Tensor& x, const std::string& name, std::uint64_t channels,
                  std::uint64_t taps, bool bias);

// One scan of a group: a result in `out`, a state of `states` numbers a channel in `format`.
void scan_channels(GraphBuilder& builder, OperatorKind kind, const SequenceGroup& group,
                   const std::string& state, const StoredFormat& format, const Tensor& x, const Tensor& out,
                   std::uint64_t channels, std::uint64_t states, bool more);

}  // namespace orrery
