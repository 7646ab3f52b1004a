#pragma once
// How a layer strings its blocks together along the residual stream.

#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "sim/workload/blocks/attention.h"
#include "sim/workload/blocks/cross_attention.h"
#include "sim/workload/blocks/feed_forward.h"
#include "sim/workload/blocks/latent_attention.h"
#include "sim/workload/blocks/mixture.h"
#include "sim/workload/blocks/state_space.h"

namespace orrery {

// What makes a token's row from its row: a kind of block is a type with the members of AttentionBlock.
using MixerBlock = std::variant<AttentionBlock, LatentAttentionBlock, FeedForwardBlock, MixtureBlock,
                                MambaBlock, Mamba2Block, DeltaBlock, ShortConvBlock, CrossAttentionBlock>;

// The row between blocks; `branch` is still to be added to it (fused with the norm that follows, if the
// machine does so).
struct ResidualStream {
  Tensor x;
  std::optional<Tensor> branch;
};

// x + branch_norm(mixer(norm(x))). Named are the tensors that it makes; a norm without a name is not there.
struct ResidualBlock {
  std::string sum, norm;
  MixerBlock mixer;
  std::string branch_norm = {};
  ResidualStream write(GraphBuilder& builder, const ResidualStream& in) const;
  template <class Visit>
  void for_each_mixer(Visit visit) const {
    visit(mixer);
  }
};

// norm(x + mixer(x)).
struct PostNorm {
  std::string sum, weight;
  MixerBlock mixer;
  ResidualStream write(GraphBuilder& builder, const ResidualStream& in) const;
  template <class Visit>
  void for_each_mixer(Visit visit) const {
    visit(mixer);
  }
};

// x + the mixers of one norm(x), or each of its own, side by side.
struct ParallelBranches {
  std::vector<std::string> norms;  // one, or one a mixer
  std::vector<MixerBlock> mixers;
  ResidualStream write(GraphBuilder& builder, const ResidualStream& in) const;
  template <class Visit>
  void for_each_mixer(Visit visit) const {
    for (const MixerBlock& mixer : mixers) visit(mixer);
  }
};

// x + norm(sum of norm(mixer(norm(x))), each mixer with norms of its own); one mixer has none behind it. With
// a learned number that scales the layer.
struct NormedBranches {
  std::vector<MixerBlock> mixers;
  ResidualStream write(GraphBuilder& builder, const ResidualStream& in) const;
  template <class Visit>
  void for_each_mixer(Visit visit) const {
    for (const MixerBlock& mixer : mixers) visit(mixer);
  }
};

// The layer of a draft: it takes the token's embedding beside the target's state, each normed.
struct DraftLayer {
  AttentionBlock attention;  // of rows twice as long
  FeedForwardBlock feed_forward;
  ResidualStream write(GraphBuilder& builder, const ResidualStream& in) const;
  template <class Visit>
  void for_each_mixer(Visit visit) const {
    visit(MixerBlock(attention));
    visit(MixerBlock(feed_forward));
  }
};

// Weights of a part that text alone does not go through.
struct IdleLayer {
  std::uint64_t weights = 0;
  ResidualStream write(GraphBuilder& builder, const ResidualStream& in) const {
    builder.hold("idle_weights", weights);
    return in;
  }
  template <class Visit>
  void for_each_mixer(Visit /*visit*/) const {}
};

using LayerBlock =
    std::variant<ResidualBlock, PostNorm, ParallelBranches, NormedBranches, DraftLayer, IdleLayer>;

// Layers that are alike, one after another.
struct LayerRun {
  std::vector<LayerBlock> blocks;
  std::uint64_t times = 1;
  GroupSet plain = 0;      // groups that are not quantised in these layers
  bool one_set = false;    // of weights, for all of them
  bool continues = false;  // it has the set of the run before
  // Millionths of a sequence's tokens that come so far; the others were left out in layers before.
  std::uint64_t kept_ppm = kWholeDensity;
};

// The usual two blocks of a layer.
std::vector<LayerBlock> pre_norm_layer(const MixerBlock& attention, const MixerBlock& feed_forward);
std::vector<LayerBlock> post_norm_layer(const MixerBlock& attention, const MixerBlock& feed_forward);
// Norms behind the branches alone (olmo2), and on both sides of them (gemma2).
std::vector<LayerBlock> branch_norm_layer(const MixerBlock& attention, const MixerBlock& feed_forward);
std::vector<LayerBlock> sandwich_layer(const MixerBlock& attention, const MixerBlock& feed_forward);

}  // namespace orrery
