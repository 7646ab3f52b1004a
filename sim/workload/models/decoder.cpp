#include "sim/workload/models/decoder.h"

#include <algorithm>
#include <array>

#include "sim/util/ends_with.h"
#include "sim/util/errors.h"
#include "sim/util/nearest_name.h"

namespace orrery {
namespace {

struct ActivationWord {
  const char* word;
  bool silu;
};
constexpr std::array<ActivationWord, 14> kActivations = {{{"silu", true},
                                                          {"swish", true},
                                                          {"swiglu", true},
                                                          {"swigluoai", true},
                                                          {"gelu", false},
                                                          {"gelu_new", false},
                                                          {"gelu_fast", false},
                                                          {"gelu_tanh", false},
                                                          {"gelu_pytorch_tanh", false},
                                                          {"quick_gelu", false},
                                                          {"geglu", false},
                                                          {"relu", false},
                                                          {"relu2", false},
                                                          {"gelu_python", false}}};

}  // namespace

std::vector<LayerBlock> layer_of(LayerForm form, const MixerBlock& attention,
                                 const MixerBlock& feed_forward) {
  switch (form) {
    case LayerForm::pre_norm:
      return pre_norm_layer(attention, feed_forward);
    case LayerForm::post_norm:
      return post_norm_layer(attention, feed_forward);
    case LayerForm::branch_norm:
      return branch_norm_layer(attention, feed_forward);
    case LayerForm::sandwich:
      return sandwich_layer(attention, feed_forward);
    case LayerForm::parallel:
      return {ParallelBranches{{"input_norm"}, {attention, feed_forward}}};
    case LayerForm::parallel_norms:
      return {ParallelBranches{{"input_norm", "ffn_norm"}, {attention, feed_forward}}};
  }
  return {};
}

bool shares_evenly(FactReader& reader, const AttentionBlock& attention) {
  if (!reader.good()) return false;
  if (attention.kv_heads > 0 && attention.heads % attention.kv_heads == 0) return true;
  const std::string message = std::to_string(attention.heads) + " attention heads cannot share " +
                              std::to_string(attention.kv_heads) + " key/value heads evenly";
  const char* key = "num_key_value_heads";
  reader.fail_at(reader.has(key) ? reader.pointer(key) : "", message);
  return false;
}

LlmSpec assembled(FactReader& reader, const DecoderFacts& facts, std::vector<LayerRun> layers) {
  LlmSpec spec;
  spec.hidden = facts.hidden;
  spec.norm = facts.norm;
  spec.max_positions = facts.max_positions;
  spec.vocab = facts.vocab;
  spec.learned_positions = facts.learned_positions;
  EmbeddingBlock embedding;
  embedding.vocab = facts.vocab;
  embedding.positions = facts.learned_positions;
  embedding.normed = facts.embedding_normed;
  spec.front = embedding;
  spec.layers = std::move(layers);
  spec.head = head_of(reader, facts.vocab, facts.tied, facts.head_bias, facts.final_norm);
  return spec;
}

LlmSpec decoder(FactReader& reader, const DecoderFacts& facts) {
  if (!facts.latent) shares_evenly(reader, facts.attention);
  std::vector<LayerRun> layers;
  const bool by_layer = !facts.windows.empty() || !facts.feed_forwards.empty();
  for (std::uint64_t i = 0; i < (by_layer ? facts.layers : 1); ++i) {
    AttentionBlock attention = facts.attention;
    if (i < facts.windows.size()) attention.window = facts.windows[i];
    const MixerBlock& feed_forward =
        i < facts.feed_forwards.size() ? facts.feed_forwards[i] : facts.feed_forward;
    const MixerBlock first = facts.latent ? MixerBlock(*facts.latent) : MixerBlock(attention);
    layers.push_back({layer_of(facts.form, first, feed_forward), by_layer ? 1 : facts.layers});
  }
  return assembled(reader, facts, std::move(layers));
}

DecoderFacts usual_facts(FactReader& reader) {
  DecoderFacts facts;
  facts.hidden = reader.required("hidden_size");
  facts.layers = reader.required("num_hidden_layers");
  facts.vocab = reader.required("vocab_size");
  facts.max_positions = reader.optional("max_position_embeddings", 0);
  return facts;
}

AttentionBlock usual_attention(FactReader& reader, std::uint64_t hidden) {
  AttentionBlock attention;
  attention.heads = reader.required("num_attention_heads");
  attention.kv_heads = reader.optional("num_key_value_heads", attention.heads);
  attention.rotary = true;
  const bool said = reader.has("head_dim");
  attention.head_dim = reader.optional("head_dim", attention.heads > 0 ? hidden / attention.heads : 0);
  if (!reader.good()) return attention;
  if (!said && attention.heads * attention.head_dim != hidden)
    reader.fail("num_attention_heads", "hidden size " + std::to_string(hidden) +
                                           " is not a multiple of the " + std::to_string(attention.heads) +
                                           " attention heads");
  return attention;
}

AttentionBlock own_key_values(FactReader& reader, std::uint64_t heads, std::uint64_t hidden) {
  AttentionBlock block;
  block.heads = block.kv_heads = heads;
  block.head_dim = heads > 0 ? hidden / heads : 0;
  if (reader.good() && block.heads * block.head_dim != hidden)
    reader.fail_at("", "hidden size " + std::to_string(hidden) + " is not a multiple of the " +
                           std::to_string(heads) + " attention heads");
  return block;
}

ActivationKind activation_of(FactReader& reader, std::initializer_list<const char*> keys, const char* usual,
                             bool gated) {
  const std::string word = reader.word_of(keys, usual);
  for (const ActivationWord& known : kActivations) {
    if (word != known.word) continue;
    if (!gated) return ActivationKind::gelu;
    return known.silu ? ActivationKind::silu_gated : ActivationKind::gelu_gated;
  }
  std::vector<std::string> words;
  for (const ActivationWord& known : kActivations) words.emplace_back(known.word);
  const char* key = *keys.begin();
  for (const char* k : keys) key = reader.has(k) ? k : key;
  reader.fail(key, std::string("'") + key + "' is '" + word + "'; no such activation is modelled" +
                       did_you_mean(word, words));
  return ActivationKind::silu_gated;
}

std::vector<std::uint64_t> windows_by_type(FactReader& reader, std::uint64_t layers, std::uint64_t window) {
  const std::vector<std::string> types = reader.words("layer_types");
  std::vector<std::uint64_t> windows;
  for (const std::string& type : types) {
    const bool sliding = type == "sliding_attention";
    if (!sliding && type != "full_attention")
      reader.fail("layer_types", "'layer_types' holds '" + type +
                                     "'; expected full_attention or "
                                     "sliding_attention");
    if (sliding && window == 0 && reader.good())
      reader.fail("layer_types", "'layer_types' has sliding layers, and no 'sliding_window' is said");
    windows.push_back(sliding ? window : 0);
  }
  if (!types.empty() && types.size() < layers)
    reader.fail("layer_types", "'layer_types' has " + std::to_string(types.size()) + " entries for " +
                                   std::to_string(layers) + " layers");
  windows.resize(std::min<std::size_t>(windows.size(), layers));
  return windows;
}

HeadBlock head_of(FactReader& reader, std::uint64_t vocab, bool tied, bool bias, bool normed) {
  const std::vector<std::string> architectures = reader.words("architectures");
  const std::string name = architectures.empty() ? "" : architectures.front();
  for (const char* end :
       {"ForCausalLM", "LMHeadModel", "ForConditionalGeneration", "ForMaskedLM", "LMModel"}) {
    if (name.empty() || ends_with(name, end)) return LanguageHead{vocab, tied, bias, normed};
  }
  for (const char* end : {"ForRewardModel", "ForSequenceClassification", "ForTokenClassification"}) {
    if (ends_with(name, end)) return ScoreHead{reader.optional("num_labels", 1)};
  }
  if (ends_with(name, "Model")) return ScoreHead{0};
  reader.fail("architectures", "'architectures' is '" + name + "'; the head of such a model is not modelled");
  return LanguageHead{vocab, tied, bias, normed};
}

}  // namespace orrery
