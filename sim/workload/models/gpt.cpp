// Decoders with layer norms and plain feed-forward blocks: gpt2, gptj, opt, bloom.

#include "sim/workload/models/model_types.h"

namespace orrery {
namespace {

// The parts that these have in common; `biases`: on every projection.
LlmSpec decoder(std::uint64_t hidden, std::uint64_t vocab) {
  LlmSpec spec;
  spec.hidden = hidden;
  spec.norm = NormKind::layernorm;
  spec.embedding.vocab = vocab;
  return spec;
}

std::vector<LayerBlock> biased_layer(AttentionBlock attention, std::uint64_t width) {
  attention.qkv_bias = attention.output_bias = true;
  return pre_norm_layer(attention, FeedForwardBlock{width, ActivationKind::gelu, true});
}

}  // namespace

LlmSpec build_gpt2(DimensionReader& reader) {
  const std::uint64_t hidden = reader.required("n_embd");
  const std::uint64_t layers = reader.required("n_layer");
  const std::uint64_t heads = reader.required("n_head");
  const std::uint64_t width = reader.optional("n_inner", 4 * hidden);
  LlmSpec spec = decoder(hidden, reader.required("vocab_size"));
  spec.max_positions = spec.embedding.positions = reader.required("n_positions");
  spec.layers = {{biased_layer(own_key_values(reader, heads, hidden), width), layers}};
  spec.head = LanguageHead{spec.embedding.vocab, reader.flag("tie_word_embeddings", true), false};
  return spec;
}

LlmSpec build_opt(DimensionReader& reader) {
  const std::uint64_t hidden = reader.required("hidden_size");
  const std::uint64_t layers = reader.required("num_hidden_layers");
  const std::uint64_t heads = reader.required("num_attention_heads");
  const std::uint64_t width = reader.required("ffn_dim");
  LlmSpec spec = decoder(hidden, reader.required("vocab_size"));
  spec.max_positions = reader.required("max_position_embeddings");
  spec.embedding.positions = spec.max_positions + 2;  // the table starts two rows late
  // Its relu takes as many passes as a gelu.
  spec.layers = {{biased_layer(own_key_values(reader, heads, hidden), width), layers}};
  spec.head = LanguageHead{spec.embedding.vocab, true, false};
  return spec;
}

LlmSpec build_bloom(DimensionReader& reader) {
  const std::uint64_t hidden =
      reader.has("hidden_size") ? reader.required("hidden_size") : reader.required("n_embed");
  const std::uint64_t layers = reader.required("n_layer");
  const std::uint64_t heads =
      reader.has("n_head") ? reader.required("n_head") : reader.required("num_attention_heads");
  LlmSpec spec = decoder(hidden, reader.required("vocab_size"));
  spec.embedding.normed = true;  // positions are slopes of the scores (alibi): no table
  spec.layers = {{biased_layer(own_key_values(reader, heads, hidden), 4 * hidden), layers}};
  spec.head = LanguageHead{spec.embedding.vocab, true, false};
  return spec;
}

// Attention and feed-forward from one norm; biases on the feed-forward block and the head only.
LlmSpec build_gptj(DimensionReader& reader) {
  const std::uint64_t hidden = reader.required("n_embd");
  const std::uint64_t layers = reader.required("n_layer");
  AttentionBlock attention = own_key_values(reader, reader.required("n_head"), hidden);
  attention.rotary = true;
  const std::uint64_t width = reader.optional("n_inner", 4 * hidden);
  LlmSpec spec = decoder(hidden, reader.required("vocab_size"));
  spec.max_positions = reader.optional("n_positions", 0);
  const FeedForwardBlock feed_forward{width, ActivationKind::gelu, true};
  spec.layers = {{{ParallelBranches{"input_norm", {attention, feed_forward}}}, layers}};
  spec.head = LanguageHead{spec.embedding.vocab, false, true};
  return spec;
}

}  // namespace orrery
