// llama, mistral, deci (where all layers are alike), qwen2 (biases of queries, keys and values) and
// mixtral (a mixture in place of the feed-forward block).

#include "sim/workload/models/model_types.h"

namespace orrery {

LlmSpec build_llama(DimensionReader& reader, const std::string& type) {
  if (const std::string activation = reader.word("hidden_act", "silu"); activation != "silu") {
    reader.fail("/hidden_act", "'hidden_act' is '" + activation + "'; this model type is modelled with silu");
  }
  for (const char* key : {"num_key_value_heads_per_layer", "block_configs"}) {
    if (reader.has(key))
      reader.fail(std::string("/") + key,
                  std::string("'") + key + "': layers that differ are not modelled yet");
  }
  LlmSpec spec;
  spec.hidden = reader.required("hidden_size");
  const std::uint64_t layers = reader.required("num_hidden_layers");
  AttentionBlock attention;
  attention.heads = reader.required("num_attention_heads");
  attention.kv_heads = reader.optional("num_key_value_heads", attention.heads);
  attention.head_dim = reader.optional("head_dim", attention.heads > 0 ? spec.hidden / attention.heads : 0);
  attention.rotary = true;
  attention.qkv_bias = type == "qwen2";
  const std::uint64_t width = reader.required("intermediate_size");
  const std::uint64_t vocab = reader.required("vocab_size");
  spec.max_positions = reader.optional("max_position_embeddings", 0);
  MixerBlock feed_forward = FeedForwardBlock{width, ActivationKind::silu_gated, false};
  if (type == "mixtral") {
    const std::uint64_t experts = reader.required("num_local_experts");
    const std::uint64_t taken = reader.required("num_experts_per_tok");
    if (taken > experts)
      reader.fail("/num_experts_per_tok", "a token cannot take more experts than there are");
    feed_forward = MixtureBlock{experts, taken, width};
  }
  const bool readable = reader.good();
  if (!reader.has("head_dim")) check_heads(reader, attention, spec.hidden);
  if (readable && attention.heads % attention.kv_heads != 0) {
    reader.fail("/num_key_value_heads", std::to_string(attention.heads) + " attention heads cannot share " +
                                            std::to_string(attention.kv_heads) + " key/value heads evenly");
  }
  spec.embedding.vocab = vocab;
  spec.layers = {{pre_norm_layer(attention, feed_forward), layers}};
  spec.head = LanguageHead{vocab, reader.flag("tie_word_embeddings", false), false};
  return spec;
}

}  // namespace orrery
