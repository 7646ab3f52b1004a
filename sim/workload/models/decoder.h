#pragma once
// A decoder whose layers are an attention and a feed-forward block, as most are: what builders fill in from
// the keys of their type.

#include <vector>

#include "sim/workload/llm_spec.h"
#include "sim/workload/models/fact_reader.h"

namespace orrery {

enum class LayerForm : std::uint8_t { pre_norm, post_norm, branch_norm, sandwich, parallel, parallel_norms };

struct DecoderFacts {
  std::uint64_t hidden = 0, layers = 0, vocab = 0;
  std::uint64_t max_positions = 0;      // 0 = not said
  std::uint64_t learned_positions = 0;  // rows of a table; 0 = none
  NormKind norm = NormKind::rmsnorm;
  LayerForm form = LayerForm::pre_norm;
  AttentionBlock attention;
  std::optional<LatentAttentionBlock> latent;  // in place of it
  MixerBlock feed_forward;
  std::vector<std::uint64_t> windows;     // by layer; empty: attention's own
  std::vector<MixerBlock> feed_forwards;  // by layer; empty: all alike
  bool tied = false, head_bias = false, embedding_normed = false, final_norm = true;
};

// Says so where heads do not share keys and values evenly.
LlmSpec decoder(FactReader& reader, const DecoderFacts& facts);
bool shares_evenly(FactReader& reader, const AttentionBlock& attention);

// The same with layers that a builder has made itself: embedding and head around them.
LlmSpec assembled(FactReader& reader, const DecoderFacts& facts, std::vector<LayerRun> layers);

// The parts of a layer in the order of a form.
std::vector<LayerBlock> layer_of(LayerForm form, const MixerBlock& attention, const MixerBlock& feed_forward);

// hidden_size, num_hidden_layers, vocab_size, max_position_embeddings.
DecoderFacts usual_facts(FactReader& reader);

// num_attention_heads, num_key_value_heads (as many, where it is left out), head_dim (of the width, where it
// is); rotary. Says so where heads do not share keys evenly, or do not make up the width.
AttentionBlock usual_attention(FactReader& reader, std::uint64_t hidden);

// Attention in which every head has keys and values of its own, and together they are as wide as the model;
// says so where they cannot.
AttentionBlock own_key_values(FactReader& reader, std::uint64_t heads, std::uint64_t hidden);

// The activation that a key says, of a gated block or a plain one. An unknown word is said.
ActivationKind activation_of(FactReader& reader, std::initializer_list<const char*> keys, const char* usual,
                             bool gated);

// The window of each layer by layer_types ("sliding_attention" or "full_attention"), whose number must be the
// model's; empty where there is no such key.
std::vector<std::uint64_t> windows_by_type(FactReader& reader, std::uint64_t layers, std::uint64_t window);

// What `architectures` says the head is: LM head, or a score of some labels (reward models), or none
// (embedding models). `tied`, `bias`: of an LM head.
HeadBlock head_of(FactReader& reader, std::uint64_t vocab, bool tied, bool bias, bool normed);

}  // namespace orrery
