// Decoders with layer norms and plain feed-forward blocks: gpt2, gpt_bigcode, gptj, codegen, gpt_neox, opt,
// bloom, mpt, falcon.

#include "sim/workload/models/decoder.h"
#include "sim/workload/models/model_types.h"

namespace orrery {
namespace {

// What these have in common.
DecoderFacts layernorm_decoder(std::uint64_t hidden, std::uint64_t layers, std::uint64_t vocab) {
  DecoderFacts facts;
  facts.hidden = hidden;
  facts.layers = layers;
  facts.vocab = vocab;
  facts.norm = NormKind::layernorm;
  return facts;
}

FeedForwardBlock plain(FactReader& reader, std::uint64_t width, const char* usual, bool biases) {
  return {width, activation_of(reader, {"activation_function", "hidden_act", "activation"}, usual, false),
          biases};
}

}  // namespace

LlmSpec build_gpt2(FactReader& reader, const std::string& type) {
  const std::uint64_t hidden = reader.required("n_embd");
  const std::uint64_t layers = reader.required("n_layer");
  const std::uint64_t heads = reader.required("n_head");
  const std::uint64_t width = reader.optional("n_inner", 4 * hidden);
  DecoderFacts facts = layernorm_decoder(hidden, layers, reader.required("vocab_size"));
  facts.max_positions = facts.learned_positions = reader.required("n_positions");
  facts.attention = own_key_values(reader, heads, hidden);
  if (reader.flag("multi_query", type == "gpt_bigcode")) facts.attention.kv_heads = 1;
  facts.attention.qkv_bias = facts.attention.output_bias = true;
  facts.feed_forward = plain(reader, width, "gelu_new", true);
  facts.tied = reader.flag("tie_word_embeddings", true);
  reader.ignore({"padded_vocab_size", "attention_softmax_in_fp32"});
  return decoder(reader, facts);
}

// Attention and feed-forward from one norm; biases on the feed-forward block and the head only.
LlmSpec build_gptj(FactReader& reader, const std::string& /*type*/) {
  const std::uint64_t hidden = reader.required("n_embd");
  const std::uint64_t layers = reader.required("n_layer");
  const std::uint64_t heads = reader.required("n_head");
  const std::uint64_t width = reader.optional("n_inner", 4 * hidden);
  DecoderFacts facts = layernorm_decoder(hidden, layers, reader.required("vocab_size"));
  facts.max_positions = reader.optional("n_positions", 0);
  facts.attention = own_key_values(reader, heads, hidden);
  facts.attention.rotary = true;
  facts.feed_forward = plain(reader, width, "gelu_new", true);
  facts.form = LayerForm::parallel;
  facts.tied = reader.flag("tie_word_embeddings", false);
  facts.head_bias = true;
  return decoder(reader, facts);
}

LlmSpec build_neox(FactReader& reader, const std::string& /*type*/) {
  DecoderFacts facts = usual_facts(reader);
  facts.norm = NormKind::layernorm;
  facts.attention = own_key_values(reader, reader.required("num_attention_heads"), facts.hidden);
  facts.attention.rotary = true;
  facts.attention.qkv_bias = facts.attention.output_bias = reader.flag("attention_bias", true);
  facts.feed_forward = plain(reader, reader.required("intermediate_size"), "gelu", true);
  if (reader.flag("use_parallel_residual", true)) facts.form = LayerForm::parallel_norms;
  facts.tied = reader.flag("tie_word_embeddings", false);
  return decoder(reader, facts);
}

// The table of positions starts two rows late. Where norms come behind the blocks, none comes last; a narrow
// embedding is widened and narrowed again.
LlmSpec build_opt(FactReader& reader, const std::string& /*type*/) {
  DecoderFacts facts = usual_facts(reader);
  facts.norm = NormKind::layernorm;
  facts.learned_positions = reader.required("max_position_embeddings") + 2;
  facts.attention = own_key_values(reader, reader.required("num_attention_heads"), facts.hidden);
  const bool biases = reader.flag("enable_bias", true);
  facts.attention.qkv_bias = facts.attention.output_bias = biases;
  facts.feed_forward = plain(reader, reader.required("ffn_dim"), "relu", biases);
  const bool before = reader.flag("do_layer_norm_before", true);
  if (!before) facts.form = LayerForm::post_norm;
  facts.final_norm = before && !reader.flag("_remove_final_layer_norm", false);
  facts.tied = reader.flag("tie_word_embeddings", true);
  const std::uint64_t narrow = reader.optional("word_embed_proj_dim", facts.hidden);
  reader.ignore({"layer_norm_elementwise_affine", "layerdrop"});
  LlmSpec spec = decoder(reader, facts);
  if (narrow == facts.hidden) return spec;
  std::get<EmbeddingBlock>(spec.front).width = narrow;
  if (auto* head = std::get_if<LanguageHead>(&spec.head)) head->width = narrow;
  return spec;
}

// Positions are slopes of the scores (alibi): no table.
LlmSpec build_bloom(FactReader& reader, const std::string& /*type*/) {
  const std::uint64_t hidden = reader.required_of({"hidden_size", "n_embed"});
  const std::uint64_t layers = reader.required_of({"n_layer", "num_hidden_layers"});
  const std::uint64_t heads = reader.required_of({"n_head", "num_attention_heads"});
  DecoderFacts facts = layernorm_decoder(hidden, layers, reader.required("vocab_size"));
  facts.embedding_normed = true;
  facts.attention = own_key_values(reader, heads, hidden);
  facts.attention.qkv_bias = facts.attention.output_bias = true;
  facts.feed_forward = FeedForwardBlock{reader.optional("n_inner", 4 * hidden), ActivationKind::gelu, true};
  facts.tied = reader.flag("tie_word_embeddings", true);
  reader.ignore({"seq_length", "apply_residual_connection_post_layernorm", "offset_alibi"});
  return decoder(reader, facts);
}

LlmSpec build_mpt(FactReader& reader, const std::string& /*type*/) {
  const std::uint64_t hidden = reader.required("d_model");
  const std::uint64_t layers = reader.required("n_layers");
  const std::uint64_t heads = reader.required("n_heads");
  DecoderFacts facts = layernorm_decoder(hidden, layers, reader.required("vocab_size"));
  facts.max_positions = reader.optional("max_seq_len", 0);
  const bool biases = !reader.flag("no_bias", true);
  if (!biases) facts.norm = NormKind::layernorm_gain;
  facts.attention = own_key_values(reader, heads, hidden);
  facts.attention.qkv_bias = facts.attention.output_bias = biases;
  const nlohmann::json& a = reader.part("attn_config");
  const auto said = [&a](const char* key) {
    return a.is_object() && a.contains(key) ? a[key] : nlohmann::json();
  };
  const bool learned = reader.flag("learned_pos_emb", true);
  if (said("alibi") != true && learned) facts.learned_positions = facts.max_positions;
  if (said("qk_ln") == true) facts.attention.qk_norm = QkNorm::all_heads;
  if (said("attn_type") == "multiquery_attention") facts.attention.kv_heads = 1;
  if (said("kv_n_heads").is_number_integer())
    facts.attention.kv_heads = said("kv_n_heads").get<std::uint64_t>();
  const double ratio = reader.number("expansion_ratio", 4);
  facts.feed_forward = FeedForwardBlock{static_cast<std::uint64_t>(ratio * static_cast<double>(hidden)),
                                        ActivationKind::gelu, biases};
  facts.tied = reader.flag("tie_word_embeddings", true);
  reader.ignore({"norm_type", "init_config", "init_device", "embedding_fraction", "ffn_config"});
  return decoder(reader, facts);
}

LlmSpec build_falcon(FactReader& reader, const std::string& /*type*/) {
  const std::uint64_t hidden = reader.required("hidden_size");
  const std::uint64_t layers = reader.required_of({"num_hidden_layers", "n_layer"});
  const std::uint64_t heads = reader.required_of({"num_attention_heads", "n_head"});
  DecoderFacts facts = layernorm_decoder(hidden, layers, reader.required("vocab_size"));
  facts.max_positions = reader.optional("max_position_embeddings", 0);
  facts.attention = own_key_values(reader, heads, hidden);
  facts.attention.rotary = !reader.flag("alibi", false);
  const bool biases = reader.flag("bias", false);
  facts.attention.qkv_bias = facts.attention.output_bias = biases;
  const bool new_form = reader.flag("new_decoder_architecture", false);
  const bool multi_query = reader.flag("multi_query", true);
  const std::uint64_t said = reader.optional("num_kv_heads", reader.optional("n_head_kv", heads));
  facts.attention.kv_heads = new_form ? said : multi_query ? 1 : heads;
  if (reader.flag("parallel_attn", true) || new_form) {
    const bool two = new_form && reader.optional("num_ln_in_parallel_attn", 2) == 2;
    facts.form = two ? LayerForm::parallel_norms : LayerForm::parallel;
  }
  facts.feed_forward = plain(reader, reader.optional("ffn_hidden_size", 4 * hidden), "gelu", biases);
  facts.tied = reader.flag("tie_word_embeddings", true);
  reader.ignore({"apply_residual_connection_post_layernorm"});
  return decoder(reader, facts);
}

}  // namespace orrery
