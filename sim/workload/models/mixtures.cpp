// Decoders with mixtures of experts in place of some or all feed-forward blocks.

#include <algorithm>

#include "sim/workload/models/mixture_facts.h"
#include "sim/workload/models/model_types.h"

namespace orrery {
namespace {

DecoderFacts usual_decoder(FactReader& reader) {
  DecoderFacts facts = usual_facts(reader);
  facts.attention = usual_attention(reader, facts.hidden);
  return facts;
}

LlmSpec mixtral(FactReader& reader, const std::string& type) {
  DecoderFacts facts = usual_decoder(reader);
  MixtureBlock mixture =
      gated_mixture(reader, {"num_local_experts"}, {"num_experts_per_tok"}, "intermediate_size");
  facts.attention.window = reader.optional("sliding_window", 0);
  if (type == "granitemoe" || type == "granitemoeshared") {
    facts.attention.qkv_bias = facts.attention.output_bias = reader.flag("attention_bias", false);
    mixture.shared = reader.optional("shared_intermediate_size", 0);
  } else if (type == "phimoe") {
    facts.norm = NormKind::layernorm;
    facts.attention.qkv_bias = facts.attention.output_bias = reader.flag("attention_bias", false);
    facts.head_bias = reader.flag("lm_head_bias", false);
    reader.ignore({"input_jitter_noise"});
  } else if (type == "minimax_m2") {
    if (reader.flag("use_qk_norm", true)) facts.attention.qk_norm = QkNorm::all_heads;
    mixture.score_bias = reader.flag("use_routing_bias", true);
    reader.ignore({"qk_norm_type", "scoring_func", "mtp_transformer_layers", "num_mtp_modules", "use_mtp",
                   "attn_type_list", "shared_intermediate_size"});
    for (const std::uint64_t kind : reader.numbers("attn_type_list")) {
      if (kind != 1)
        reader.fail("attn_type_list", "'attn_type_list' holds layers of linear attention: not modelled");
    }
  }
  facts.feed_forward = mixture;
  facts.tied = reader.flag("tie_word_embeddings", false);
  return decoder(reader, facts);
}

LlmSpec qwen_mixture(FactReader& reader, const std::string& type) {
  DecoderFacts facts = usual_decoder(reader);
  const bool second = type == "qwen2_moe";
  facts.attention.qkv_bias = reader.flag(second ? "qkv_bias" : "attention_bias", second);
  if (!second) {
    facts.attention.output_bias = facts.attention.qkv_bias;
    facts.attention.qk_norm = QkNorm::head;
  }
  MixtureBlock mixture =
      gated_mixture(reader, {"num_experts"}, {"num_experts_per_tok"}, "moe_intermediate_size");
  if (second) {
    mixture.shared = reader.required("shared_expert_intermediate_size");
    mixture.shared_gate = true;
  }
  const std::uint64_t width = reader.required("intermediate_size");
  const std::uint64_t step = reader.optional("decoder_sparse_step", 1);
  const std::vector<std::uint64_t> dense = reader.numbers("mlp_only_layers");
  lay_out(facts, mixture, width, [&](std::uint64_t i) {
    return (i + 1) % step == 0 && std::find(dense.begin(), dense.end(), i) == dense.end();
  });
  if (reader.flag("use_sliding_window", false))
    reader.fail("use_sliding_window", "windows of this model type are not modelled");
  facts.tied = reader.flag("tie_word_embeddings", false);
  reader.ignore({"sliding_window", "max_window_layers", "norm_topk_prob"});
  return decoder(reader, facts);
}

// The first deepseek, glm4_moe, ernie4_5_moe, hunyuan: some dense layers first, shared experts.
LlmSpec dense_first(FactReader& reader, const std::string& type) {
  DecoderFacts facts = usual_decoder(reader);
  const bool ernie = type == "ernie4_5_moe";
  MixtureBlock mixture =
      ernie ? gated_mixture(reader, {"moe_num_experts"}, {"moe_k"}, "moe_intermediate_size")
            : gated_mixture(reader, {"n_routed_experts"}, {"num_experts_per_tok"}, "moe_intermediate_size");
  const std::uint64_t shared =
      ernie ? reader.optional("moe_num_shared_experts", 0) : reader.optional("n_shared_experts", 0);
  mixture.shared = shared * mixture.width;
  std::uint64_t first = reader.optional("first_k_dense_replace", 0);
  std::uint64_t step = reader.optional("moe_layer_freq", 1);
  if (ernie) {
    facts.attention.qkv_bias = facts.attention.output_bias = reader.flag("use_bias", false);
    first = reader.optional("moe_layer_start_index", 0);
    step = reader.optional("moe_layer_interval", 1);
    mixture.score_bias = reader.flag("moe_use_aux_free", true);
  } else if (type == "glm4_moe") {
    facts.attention.qkv_bias = reader.flag("attention_bias", false);
    if (reader.flag("use_qk_norm", false)) facts.attention.qk_norm = QkNorm::head;
    mixture.score_bias = true;
  } else {
    facts.attention.qkv_bias = facts.attention.output_bias = reader.flag("attention_bias", false);
  }
  lay_out(facts, mixture, reader.required("intermediate_size"),
          [&](std::uint64_t i) { return i >= first && (i - first) % step == 0; });
  facts.tied = reader.flag("tie_word_embeddings", ernie);
  reader.ignore({"num_nextn_predict_layers", "n_group", "topk_group", "norm_topk_prob",
                 "routed_scaling_factor", "topk_method", "scoring_func", "moe_layer_end_index",
                 "moe_capacity", "moe_gate", "ep_size"});
  return decoder(reader, facts);
}

// Latent attention; all layers but the first few are mixtures (deepseek_v2 and v3, kimi_k2).
LlmSpec latent_mixture(FactReader& reader) {
  DecoderFacts facts = usual_facts(reader);
  if (reader.flag("use_mla", true)) {
    facts.latent = latent_attention(reader);
  } else {
    facts.attention = usual_attention(reader, facts.hidden);
    reader.ignore({"kv_lora_rank", "q_lora_rank", "qk_nope_head_dim", "qk_rope_head_dim", "v_head_dim",
                   "lm_head", "rm_head"});
  }
  MixtureBlock mixture =
      gated_mixture(reader, {"n_routed_experts"}, {"num_experts_per_tok"}, "moe_intermediate_size");
  mixture.shared = reader.optional("n_shared_experts", 0) * mixture.width;
  const std::string choice = reader.word("topk_method", "greedy");
  mixture.score_bias = choice == "noaux_tc";
  const std::uint64_t groups = reader.optional("n_group", 1);
  const std::uint64_t taken = reader.optional("topk_group", 1);
  if (choice != "greedy" && groups > 1 && taken > 0 && taken <= groups && mixture.experts % groups == 0) {
    mixture.groups = groups;
    mixture.groups_a_token = taken;
  }
  const std::uint64_t first = reader.optional("first_k_dense_replace", 0);
  const std::uint64_t step = reader.optional("moe_layer_freq", 1);
  lay_out(facts, mixture, reader.required("intermediate_size"),
          [&](std::uint64_t i) { return i >= first && i % step == 0; });
  facts.tied = reader.flag("tie_word_embeddings", false);
  reader.ignore({"num_key_value_heads", "num_nextn_predict_layers", "norm_topk_prob", "routed_scaling_factor",
                 "scoring_func", "ep_size", "seq_aux", "head_dim", "qk_head_dim", "indexer_rope_interleave",
                 "num_kv_heads"});
  return decoder(reader, facts);
}

// Heads of an index choose blocks of positions in some layers; some layers are dense.
LlmSpec minimax_m3(FactReader& reader) {
  DecoderFacts facts = usual_decoder(reader);
  if (reader.flag("use_qk_norm", true)) facts.attention.qk_norm = QkNorm::head;
  facts.attention.gated = reader.flag("attention_output_gate", false);
  MixtureBlock mixture =
      gated_mixture(reader, {"num_local_experts"}, {"num_experts_per_tok"}, "moe_intermediate_size");
  mixture.score_bias = reader.flag("use_routing_bias", true);
  mixture.shared =
      reader.optional("n_shared_experts", 0) * reader.optional("shared_intermediate_size", mixture.width);
  const FeedForwardBlock dense{reader.required("dense_intermediate_size"), mixture.activation, false};
  const std::vector<std::uint64_t> mixed = reader.numbers("moe_layer_freq");
  FactReader sparse = reader.inside("sparse_attention_config");
  const std::vector<std::uint64_t> chosen = sparse.numbers("sparse_attention_freq");
  SparseIndex index{sparse.required("sparse_num_index_heads"), sparse.required("sparse_index_dim"),
                    sparse.required("sparse_topk_blocks") * sparse.required("sparse_block_size"), false};
  const bool sparse_at_all = sparse.flag("use_sparse_attention", true);
  sparse.ignore(
      {"sparse_disable_index_value", "sparse_init_block", "sparse_local_block", "sparse_score_type"});
  reader.take(std::move(sparse), "minimax_m3");
  for (const auto& [key, list] :
       {std::pair("moe_layer_freq", &mixed), std::pair("sparse_attention_config", &chosen)}) {
    if (list->size() != facts.layers && reader.good())
      reader.fail(key, std::string("'") + key + "' must say 0 or 1 for each of the layers");
  }
  shares_evenly(reader, facts.attention);
  facts.tied = reader.flag("tie_word_embeddings", false);
  reader.ignore({"intermediate_size", "first_k_dense_replace", "num_mtp_modules", "num_nextn_predict_layers",
                 "qk_norm_type", "scoring_func", "routed_scaling_factor", "swiglu_alpha", "swiglu_limit",
                 "use_gemma_norm"});
  std::vector<LayerRun> layers;
  for (std::uint64_t i = 0; reader.good() && i < facts.layers; ++i) {
    AttentionBlock attention = facts.attention;
    if (sparse_at_all && chosen[i] != 0) attention.index = index;
    layers.push_back({pre_norm_layer(attention, mixed[i] != 0 ? MixerBlock(mixture) : MixerBlock(dense)), 1});
  }
  return assembled(reader, facts, std::move(layers));
}

// Latent attention, no mixture.
LlmSpec minicpm3(FactReader& reader) {
  DecoderFacts facts = usual_facts(reader);
  const std::uint64_t heads = reader.required("num_attention_heads");
  LatentAttentionBlock latent;
  latent.heads = heads;
  latent.query_rank = reader.optional("q_lora_rank", 768);
  latent.kv_rank = reader.optional("kv_lora_rank", 256);
  latent.plain_dim = reader.optional("qk_nope_head_dim", 64);
  latent.rotary_dim = reader.optional("qk_rope_head_dim", 32);
  latent.value_dim = reader.optional("v_head_dim", heads > 0 ? facts.hidden / heads : 0);
  latent.biases = reader.flag("attention_bias", false);
  facts.latent = latent;
  facts.feed_forward = FeedForwardBlock{reader.required("intermediate_size"),
                                        activation_of(reader, {"hidden_act"}, "silu", true), false};
  facts.tied = reader.flag("tie_word_embeddings", true);
  reader.ignore({"num_key_value_heads", "head_dim"});
  return decoder(reader, facts);
}

// Numbers that are said once, or for each of the layers alike.
std::uint64_t of_all_layers(FactReader& reader, const char* key, std::uint64_t fallback) {
  if (!reader.part(key).is_array()) return reader.optional(key, fallback);
  const std::vector<std::uint64_t> list = reader.numbers(key);
  if (list.empty() ||
      std::count(list.begin(), list.end(), list.front()) != static_cast<std::int64_t>(list.size()))
    reader.fail(key, std::string("'") + key + "' differs from layer to layer: not modelled");
  return list.empty() ? fallback : list.front();
}

LlmSpec hunyuan(FactReader& reader) {
  DecoderFacts facts = usual_facts(reader);
  if (reader.flag("use_cla", false))
    reader.fail("use_cla", "'use_cla': layers that share their cache are not modelled here");
  facts.attention = usual_attention(reader, facts.hidden);
  facts.attention.head_dim = reader.optional("attention_head_dim", facts.attention.head_dim);
  facts.attention.qkv_bias = facts.attention.output_bias = reader.flag("attention_bias", false);
  if (reader.flag("use_qk_norm", false)) facts.attention.qk_norm = QkNorm::head;
  const std::uint64_t width = reader.required("intermediate_size");
  MixtureBlock mixture;
  mixture.experts = of_all_layers(reader, "num_experts", 0);
  mixture.experts_a_token = of_all_layers(reader, "moe_topk", 1);
  mixture.width = of_all_layers(reader, "moe_intermediate_size", width);
  mixture.activation = activation_of(reader, {"hidden_act"}, "silu", true);
  mixture.shared = of_all_layers(reader, "num_shared_expert", 1) * mixture.width;
  if (mixture.experts < mixture.experts_a_token || mixture.experts == 0)
    reader.fail("num_experts", "'num_experts' must be at least 'moe_topk'");
  if (reader.has("use_mixed_mlp_moe") && !reader.flag("use_mixed_mlp_moe", true)) mixture.shared = 0;
  const auto first = static_cast<std::uint64_t>(reader.whole("moe_layer_num_skipped", 0, 0, 10'000));
  lay_out(facts, mixture, width, [first](std::uint64_t i) { return i >= first; });
  facts.tied = reader.flag("tie_word_embeddings", true);
  reader.ignore({"head_dim",
                 "norm_type",
                 "cla_share_factor",
                 "group_limited_greedy",
                 "n_group",
                 "topk_group",
                 "norm_topk_prob",
                 "routed_scaling_factor",
                 "moe_drop_tokens",
                 "moe_random_routing_dropped_token",
                 "capacity_factor",
                 "use_rotary_pos_emb",
                 "kv_lora_rank",
                 "q_lora_rank",
                 "qk_nope_head_dim",
                 "qk_rope_head_dim",
                 "v_head_dim",
                 "use_mla",
                 "class_num",
                 "pool_type",
                 "position_embedding_xdrope",
                 "skip_cls_token",
                 "num_media_embeds",
                 "mask_init_id",
                 "sep_token_id",
                 "text_start_id",
                 "text_end_id"});
  if (reader.flag("use_mla", false)) reader.fail("use_mla", "'use_mla' of this model type is not modelled");
  return decoder(reader, facts);
}

LlmSpec olmoe(FactReader& reader) {
  DecoderFacts facts = usual_decoder(reader);
  facts.attention.qkv_bias = facts.attention.output_bias = reader.flag("attention_bias", false);
  facts.attention.qk_norm = QkNorm::all_heads;
  MixtureBlock mixture = gated_mixture(reader, {"num_experts"}, {"num_experts_per_tok"}, "intermediate_size");
  facts.feed_forward = mixture;
  facts.tied = reader.flag("tie_word_embeddings", false);
  reader.ignore({"norm_topk_prob"});
  return decoder(reader, facts);
}

LlmSpec dbrx(FactReader& reader) {
  DecoderFacts facts;
  facts.hidden = reader.required("d_model");
  facts.layers = reader.required("n_layers");
  facts.vocab = reader.required("vocab_size");
  facts.max_positions = reader.optional("max_seq_len", 0);
  facts.norm = NormKind::layernorm_gain;
  facts.attention = own_key_values(reader, reader.required("n_heads"), facts.hidden);
  facts.attention.rotary = true;
  const auto inner = [&reader](const char* part, const char* key) -> std::uint64_t {
    const nlohmann::json& object = reader.part(part);
    if (object.is_object() && object.contains(key) && object[key].is_number_integer() &&
        object[key].get<std::int64_t>() > 0 && object[key].get<std::uint64_t>() < (1U << 20))
      return object[key].get<std::uint64_t>();
    reader.fail(part, std::string("'") + part + "' must say '" + key + "', a positive integer");
    return 1;
  };
  facts.attention.kv_heads = inner("attn_config", "kv_n_heads");
  MixtureBlock mixture;
  mixture.experts = inner("ffn_config", "moe_num_experts");
  mixture.experts_a_token = inner("ffn_config", "moe_top_k");
  mixture.width = inner("ffn_config", "ffn_hidden_size");
  facts.feed_forward = mixture;
  facts.tied = reader.flag("tie_word_embeddings", false);
  return decoder(reader, facts);
}

LlmSpec gpt_oss(FactReader& reader) {
  DecoderFacts facts = usual_decoder(reader);
  facts.attention.qkv_bias = facts.attention.output_bias = reader.flag("attention_bias", true);
  facts.attention.sinks = 1;
  const std::uint64_t window = reader.optional("sliding_window", 128);
  facts.windows = windows_by_type(reader, facts.layers, window);
  if (facts.windows.empty()) {
    for (std::uint64_t i = 0; i < facts.layers; ++i) facts.windows.push_back(i % 2 == 0 ? window : 0);
  }
  MixtureBlock mixture = read_mixture(reader, {"num_local_experts", "num_experts"},
                                      {"num_experts_per_tok", "experts_per_token"}, "intermediate_size");
  mixture.biases = true;
  facts.feed_forward = mixture;
  facts.tied = reader.flag("tie_word_embeddings", false);
  reader.ignore({"hidden_act", "swiglu_limit", "initial_context_length"});
  return decoder(reader, facts);
}

// Of every so many layers one is a mixture; what all tokens share is as wide as an expert. Layers with
// positions attend within chunks, the others (no_rope_layers: 0) to everything.
LlmSpec llama4(FactReader& reader) {
  DecoderFacts facts = usual_decoder(reader);
  facts.attention.qkv_bias = facts.attention.output_bias = reader.flag("attention_bias", false);
  const std::uint64_t chunk = reader.optional("attention_chunk_size", 0);
  std::vector<std::uint64_t> rotary = reader.numbers("no_rope_layers");
  const std::uint64_t interval =
      reader.optional("no_rope_layer_interval", reader.optional("nope_layer_interval", 4));
  for (std::uint64_t i = 0; rotary.size() < facts.layers; ++i) rotary.push_back((i + 1) % interval != 0);
  for (std::uint64_t i = 0; i < facts.layers; ++i) facts.windows.push_back(rotary[i] != 0 ? chunk : 0);
  MixtureBlock mixture =
      gated_mixture(reader, {"num_local_experts"}, {"num_experts_per_tok"}, "intermediate_size");
  mixture.shared = mixture.width;
  const std::vector<std::uint64_t> mixed = reader.numbers("moe_layers");
  const std::uint64_t step = reader.optional("interleave_moe_layer_step", 1);
  lay_out(facts, mixture, reader.required("intermediate_size_mlp"), [&](std::uint64_t i) {
    return mixed.empty() ? (i + 1) % step == 0 : std::find(mixed.begin(), mixed.end(), i) != mixed.end();
  });
  facts.tied = reader.flag("tie_word_embeddings", false);
  const bool normed = reader.flag("use_qk_norm", true);
  reader.ignore({"layer_types", "attn_temperature_tuning", "attn_scale", "floor_scale"});
  LlmSpec spec = decoder(reader, facts);
  for (std::uint64_t i = 0; normed && reader.good() && i < spec.layers.size(); ++i) {
    auto* block = std::get_if<ResidualBlock>(&spec.layers[i].blocks.front());
    if (rotary[i] == 0 || block == nullptr) continue;
    std::get<AttentionBlock>(block->mixer).qk_norm = QkNorm::length;
  }
  return spec;
}

}  // namespace

LlmSpec build_mixture(FactReader& reader, const std::string& type) {
  if (type == "qwen2_moe" || type == "qwen3_moe" || type == "qwen3_vl_moe") return qwen_mixture(reader, type);
  if (type == "deepseek" || type == "glm4_moe" || type == "ernie4_5_moe") return dense_first(reader, type);
  if (type == "deepseek_v2" || type == "deepseek_v3" || type == "kimi_k2" || type == "deepseek_v32" ||
      type == "glm_moe_dsa")
    return latent_mixture(reader);
  if (type == "olmoe") return olmoe(reader);
  if (type == "minicpm3") return minicpm3(reader);
  if (type == "minimax_m3") return minimax_m3(reader);
  if (type == "hunyuan_v1_moe" || type == "hunyuan") return hunyuan(reader);
  if (type == "dbrx") return dbrx(reader);
  if (type == "gpt_oss") return gpt_oss(reader);
  if (type == "llama4_text" || type == "llama4") return llama4(reader);
  return mixtral(reader, type);
}

}  // namespace orrery
