// Encoders that read a prompt whole, and decoders that attend across to them: t5, switch_transformers,
// whisper, m2m_100 (translation after Vaswani et al., arXiv 1706.03762, norms before the blocks).

#include "sim/workload/models/decoder.h"
#include "sim/workload/models/model_types.h"

namespace orrery {
namespace {

std::vector<LayerBlock> across(const AttentionBlock& self, const CrossAttentionBlock& cross,
                               const MixerBlock& feed_forward) {
  return {ResidualBlock{"x_in", "input_norm", self}, ResidualBlock{"x_cross", "cross_norm", cross},
          ResidualBlock{"x_mid", "ffn_norm", feed_forward}};
}

}  // namespace

// The first layer of each side has a table of distances that the others use too. A switch transformer has a
// mixture in every so many layers.
LlmSpec build_t5(FactReader& reader, const std::string& type) {
  LlmSpec spec;
  spec.hidden = reader.required("d_model");
  spec.vocab = reader.required("vocab_size");
  const std::uint64_t layers = reader.required("num_layers");
  const std::uint64_t decoding = reader.optional("num_decoder_layers", layers);
  const std::uint64_t heads = reader.required("num_heads");
  const std::uint64_t head_dim = reader.required("d_kv");
  const std::uint64_t width = reader.required("d_ff");
  const std::uint64_t buckets = reader.optional("relative_attention_num_buckets", 32);
  const std::string form = reader.word("feed_forward_proj", "relu");
  if (form != "relu" && form != "gated-gelu" && form != "gelu" && form != "gated-silu")
    reader.fail("feed_forward_proj",
                "'feed_forward_proj' is '" + form + "'; expected relu, gelu, gated-gelu or gated-silu");
  const bool gated = form.compare(0, 6, "gated-") == 0;
  const ActivationKind activation = !gated                 ? ActivationKind::gelu
                                    : form == "gated-silu" ? ActivationKind::silu_gated
                                                           : ActivationKind::gelu_gated;
  const bool tied = reader.flag("tie_word_embeddings", true);
  const FeedForwardBlock dense{width, activation, false};
  MixtureBlock mixture;
  std::uint64_t sparse_encoder = 0;
  std::uint64_t sparse_decoder = 0;
  if (type == "switch_transformers") {
    mixture.experts = reader.required("num_experts");
    mixture.experts_a_token = 1;
    mixture.width = width;
    mixture.activation = activation;
    const auto every = [&reader](const char* key, const char* number, std::uint64_t of) {
      const std::uint64_t sparse = reader.optional(number, 0);
      return reader.optional(key, sparse > 0 ? of / sparse : 0);
    };
    sparse_encoder = every("encoder_sparse_step", "num_sparse_encoder_layers", layers);
    sparse_decoder = every("decoder_sparse_step", "num_sparse_decoder_layers", decoding);
    if (reader.flag("router_bias", false)) reader.fail("router_bias", "'router_bias' is not modelled");
    reader.ignore({"expert_capacity", "router_type", "router_dtype", "add_router_probs",
                   "router_ignore_padding_tokens"});
  }
  reader.ignore({"n_positions", "relative_attention_max_distance", "dense_act_fn", "is_gated_act",
                 "num_hidden_layers"});
  AttentionBlock self;
  self.heads = self.kv_heads = heads;
  self.head_dim = head_dim;
  const auto second = [&](std::uint64_t i, std::uint64_t sparse) {
    return sparse > 0 && i % sparse == 1 % sparse ? MixerBlock(mixture) : MixerBlock(dense);
  };
  SourceEncoder encoder;
  encoder.front = EmbeddingBlock{spec.vocab};
  for (std::uint64_t i = 0; i < layers; ++i) {
    AttentionBlock reads = self;
    reads.both_ways = true;
    reads.table = i == 0 ? buckets : 0;
    encoder.layers.push_back({pre_norm_layer(reads, second(i, sparse_encoder)), 1});
  }
  spec.encoder = std::move(encoder);
  spec.front = EmbeddingBlock{spec.vocab};
  const CrossAttentionBlock cross{heads, head_dim};
  for (std::uint64_t i = 0; i < decoding; ++i) {
    AttentionBlock writes = self;
    writes.table = i == 0 ? buckets : 0;
    spec.layers.push_back({across(writes, cross, second(i, sparse_decoder)), 1});
  }
  spec.head = head_of(reader, spec.vocab, tied, false, true);
  return spec;
}

// Frames of a sound go through two convolutions, of which the second takes every other place.
LlmSpec build_whisper(FactReader& reader, const std::string& /*type*/) {
  LlmSpec spec;
  spec.norm = NormKind::layernorm;
  spec.hidden = reader.required("d_model");
  spec.vocab = reader.required("vocab_size");
  const std::uint64_t mels = reader.optional("num_mel_bins", 80);
  const std::uint64_t positions = reader.optional("max_source_positions", 1500);
  spec.max_positions = spec.learned_positions = reader.optional("max_target_positions", 448);
  const std::uint64_t heads_in = reader.required("encoder_attention_heads");
  const std::uint64_t heads_out = reader.required("decoder_attention_heads");
  const ActivationKind activation = activation_of(reader, {"activation_function"}, "gelu", false);
  const std::uint64_t width_in = reader.required("encoder_ffn_dim");
  const std::uint64_t width_out = reader.required("decoder_ffn_dim");
  const std::uint64_t layers_in = reader.required("encoder_layers");
  const std::uint64_t layers_out = reader.required("decoder_layers");
  const auto attention = [&](std::uint64_t heads) {
    AttentionBlock block = own_key_values(reader, heads, spec.hidden);
    block.qkv_bias = block.output_bias = true;
    block.key_bias = false;
    return block;
  };
  AttentionBlock reads = attention(heads_in);
  reads.both_ways = true;
  FeatureBlock sound;
  sound.products = {{3 * mels, spec.hidden, 2, true}, {3 * spec.hidden, spec.hidden, 1, true}};
  sound.positions = positions;
  spec.encoder = SourceEncoder{
      sound, {{pre_norm_layer(reads, FeedForwardBlock{width_in, activation, true}), layers_in}}, positions};
  EmbeddingBlock embedding;
  embedding.vocab = spec.vocab;
  embedding.positions = spec.learned_positions;
  spec.front = embedding;
  const AttentionBlock writes = attention(heads_out);
  const CrossAttentionBlock cross{heads_out, writes.head_dim, true, true, true};
  spec.layers = {{across(writes, cross, FeedForwardBlock{width_out, activation, true}), layers_out}};
  spec.head = head_of(reader, spec.vocab, reader.flag("tie_word_embeddings", true), false, true);
  reader.ignore({"num_hidden_layers", "scale_embedding", "encoder_layerdrop", "decoder_layerdrop",
                 "mask_feature_length", "mask_time_length", "apply_spec_augment", "median_filter_width",
                 "classifier_proj_size", "use_weighted_layer_sum", "alignment_heads", "suppress_tokens",
                 "begin_suppress_tokens", "forced_decoder_ids", "decoder_start_token_id"});
  return spec;
}

// Places are sines, and nothing that is learned.
LlmSpec build_m2m(FactReader& reader, const std::string& /*type*/) {
  LlmSpec spec;
  spec.norm = NormKind::layernorm;
  spec.hidden = reader.required("d_model");
  spec.vocab = reader.required("vocab_size");
  spec.max_positions = reader.optional("max_position_embeddings", 1024);
  const std::uint64_t heads_in = reader.required("encoder_attention_heads");
  const std::uint64_t heads_out = reader.required("decoder_attention_heads");
  const ActivationKind activation = activation_of(reader, {"activation_function"}, "relu", false);
  const auto layer = [&](const char* width) {
    return FeedForwardBlock{reader.required(width), activation, true};
  };
  const auto attention = [&](std::uint64_t heads) {
    AttentionBlock block = own_key_values(reader, heads, spec.hidden);
    block.qkv_bias = block.output_bias = true;
    return block;
  };
  AttentionBlock reads = attention(heads_in);
  reads.both_ways = true;
  const std::uint64_t layers_in = reader.required("encoder_layers");
  spec.encoder = SourceEncoder{EmbeddingBlock{spec.vocab},
                               {{pre_norm_layer(reads, layer("encoder_ffn_dim")), layers_in}},
                               spec.max_positions};
  spec.front = EmbeddingBlock{spec.vocab};
  const AttentionBlock writes = attention(heads_out);
  const CrossAttentionBlock cross{heads_out, writes.head_dim, true, true, true, true};
  const std::uint64_t layers_out = reader.required("decoder_layers");
  spec.layers = {{across(writes, cross, layer("decoder_ffn_dim")), layers_out}};
  spec.head = head_of(reader, spec.vocab, reader.flag("tie_word_embeddings", true), false, true);
  reader.ignore({"num_hidden_layers", "scale_embedding", "encoder_layerdrop", "decoder_layerdrop",
                 "decoder_start_token_id"});
  return spec;
}

}  // namespace orrery
