#pragma once
// Keys that several families of mixtures and of latent attention have in common.

#include "sim/workload/models/decoder.h"

namespace orrery {

using KeyNames = std::initializer_list<const char*>;

// Experts: their number, how many a token takes, and the width of one, under the names of a type.
MixtureBlock read_mixture(FactReader& reader, KeyNames all, KeyNames taken, const char* width);

// The same, with the activation that hidden_act says.
MixtureBlock gated_mixture(FactReader& reader, KeyNames all, KeyNames taken, const char* width);

// The mixture in the layers for which `mixed` holds, a feed-forward block of `width` in the others.
template <class Mixed>
void lay_out(DecoderFacts& facts, const MixtureBlock& mixture, std::uint64_t width, Mixed mixed) {
  const FeedForwardBlock dense{width, mixture.activation, false};
  facts.feed_forward = mixture;
  for (std::uint64_t i = 0; i < facts.layers; ++i)
    facts.feed_forwards.push_back(mixed(i) ? MixerBlock(mixture) : MixerBlock(dense));
}

// Ranks and widths of latent attention (kv_lora_rank and its like).
LatentAttentionBlock latent_attention(FactReader& reader);

// layer_types: a word of `known` for each of the layers.
std::vector<std::string> layer_words(FactReader& reader, std::uint64_t layers,
                                     std::initializer_list<const char*> known);

}  // namespace orrery
