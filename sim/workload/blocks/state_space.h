#pragma once
// Blocks that keep a state in place of a cache: state-space models (Mamba, arXiv 2312.00752; Mamba-2, arXiv
// 2405.21060) and gated delta rules (Gated DeltaNet, arXiv 2412.06464; Kimi Delta Attention, arXiv
// 2510.26692). A prompt goes through Mamba-2 and delta rules in chunks, as products; one token, and all of
// Mamba, channel by channel.

#include "sim/workload/graph_builder.h"

namespace orrery {

// Each channel takes in all of its sequence through a state of `states` numbers.
struct MambaBlock {
  std::uint64_t inner = 0;      // channels
  std::uint64_t states = 0;     // of a channel
  std::uint64_t taps = 0;       // of the short convolution before it
  std::uint64_t step_rank = 0;  // of the product that gives a channel's step
  bool conv_bias = true, biases = false;
  bool normed = false;                              // steps, inputs' and outputs' weights (Jamba)
  std::optional<StoredFormat> kept = std::nullopt;  // format of the state; none: as everything else

  std::string misfit(const Parallelism& split) const {
    return either(whole_context(split, "a scan"), undivided(inner, "channels", split));
  }
  std::uint64_t cached_elements(std::uint64_t /*devices*/, std::uint64_t /*context*/) const { return 0; }
  std::uint64_t widest(std::uint64_t devices) const { return 2 * inner / devices; }
  KeptState state(std::uint64_t devices, const StoredFormat& plain) const;

  Tensor write(GraphBuilder& builder, const Tensor& x) const;
};

// Heads of `head_dim` channels share what they take in and let out, in groups of heads.
struct Mamba2Block {
  std::uint64_t heads = 0, head_dim = 0;
  std::uint64_t states = 0;  // of a channel
  std::uint64_t groups = 1;  // of heads
  std::uint64_t taps = 0;
  std::uint64_t chunk = 256;  // tokens that products take at once
  bool conv_bias = true, biases = false;
  bool gated_norm = true;  // else the gate alone
  std::optional<StoredFormat> kept = std::nullopt;

  std::string misfit(const Parallelism& split) const {
    const std::string shared = groups > split.tensor || split.tensor % groups != 0
                                   ? undivided(groups, "groups of heads", split)
                                   : "";
    return either(whole_context(split, "a scan"), either(undivided(heads, "heads", split), shared));
  }
  std::uint64_t cached_elements(std::uint64_t /*devices*/, std::uint64_t /*context*/) const { return 0; }
  std::uint64_t widest(std::uint64_t devices) const { return 2 * heads * head_dim / devices; }
  KeptState state(std::uint64_t devices, const StoredFormat& plain) const;

  Tensor write(GraphBuilder& builder, const Tensor& x) const;

 private:
  std::uint64_t groups_on(std::uint64_t devices) const { return groups < devices ? 1 : groups / devices; }
  std::uint64_t channels_on(std::uint64_t devices) const;  // of the convolution
  void scan(GraphBuilder& builder, const SequenceGroup& group, const std::string& suffix, const Tensor& in,
            const Tensor& out, bool more) const;
};

// Heads whose state maps keys to values, corrected by what it maps wrongly.
struct DeltaBlock {
  // One gate a head (gated_delta), or one for each element of its key, by low-rank products (kimi_delta).
  enum class Kind : std::uint8_t { gated_delta, kimi_delta };
  Kind kind = Kind::gated_delta;
  std::uint64_t key_heads = 0, value_heads = 0;
  std::uint64_t key_dim = 0, value_dim = 0;  // of a head
  std::uint64_t taps = 0;
  std::uint64_t chunk = 64;
  std::optional<StoredFormat> kept = std::nullopt;

  std::string misfit(const Parallelism& split) const {
    return either(whole_context(split, "a delta rule"), either(undivided(key_heads, "key heads", split),
                                                               undivided(value_heads, "value heads", split)));
  }
  std::uint64_t cached_elements(std::uint64_t /*devices*/, std::uint64_t /*context*/) const { return 0; }
  std::uint64_t widest(std::uint64_t devices) const {
    return (2 * key_heads * key_dim + 2 * value_heads * value_dim) / devices;
  }
  KeptState state(std::uint64_t devices, const StoredFormat& plain) const;

  Tensor write(GraphBuilder& builder, const Tensor& x) const;

 private:
  void scan(GraphBuilder& builder, const SequenceGroup& group, const std::string& suffix, const Tensor& in,
            const Tensor& out, bool more) const;
};

// A gated short convolution (LFM2, arXiv 2511.23404).
struct ShortConvBlock {
  std::uint64_t inner = 0;
  std::uint64_t taps = 0;
  bool biases = false;

  std::string misfit(const Parallelism& split) const {
    return either(whole_context(split, "a scan"), undivided(inner, "channels", split));
  }
  std::uint64_t cached_elements(std::uint64_t /*devices*/, std::uint64_t /*context*/) const { return 0; }
  std::uint64_t widest(std::uint64_t devices) const { return 3 * inner / devices; }
  KeptState state(std::uint64_t devices, const StoredFormat& plain) const;

  Tensor write(GraphBuilder& builder, const Tensor& x) const;
};

}  // namespace orrery
