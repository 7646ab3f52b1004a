// Encoders whose norms come after the residual.

#include "sim/workload/models/model_types.h"

namespace orrery {

LlmSpec build_bert(DimensionReader& reader) {
  LlmSpec spec;
  spec.encoder_only = true;
  spec.norm = NormKind::layernorm;
  spec.hidden = reader.required("hidden_size");
  const std::uint64_t layers = reader.required("num_hidden_layers");
  AttentionBlock attention = own_key_values(reader, reader.required("num_attention_heads"), spec.hidden);
  attention.both_ways = attention.qkv_bias = attention.output_bias = true;
  const FeedForwardBlock feed_forward{reader.required("intermediate_size"), ActivationKind::gelu, true};
  spec.embedding.vocab = reader.required("vocab_size");
  spec.max_positions = spec.embedding.positions = reader.required("max_position_embeddings");
  spec.embedding.token_types = reader.optional("type_vocab_size", 2);
  spec.embedding.normed = true;
  spec.layers = {{post_norm_layer(attention, feed_forward), layers}};
  spec.head = Pooler{true};
  return spec;
}

}  // namespace orrery
