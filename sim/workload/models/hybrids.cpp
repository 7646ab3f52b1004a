// Decoders that keep a state in place of a cache, in some or all layers.

#include <algorithm>

#include "sim/workload/models/decoder.h"
#include "sim/workload/models/mixture_facts.h"
#include "sim/workload/models/model_types.h"

namespace orrery {
namespace {

constexpr const char* kStateDtypes[] = {"mamba_ssm_cache_dtype", "mamba_ssm_dtype"};

// A block's state is kept as the file says, or as everything else.
template <class Block>
void read_kept(FactReader& reader, Block& block) {
  for (const char* key : kStateDtypes) {
    const std::string word = reader.word(key, "");
    if (word.empty() || word == "auto") continue;
    if (word == "float32") {
      block.kept = stored_as(DType::fp32);
    } else if (word == "bfloat16" || word == "float16") {
      block.kept = stored_as(DType::bf16);
    } else {
      reader.fail(key, std::string("'") + key + "' is '" + word + "'; expected float32, bfloat16 or float16");
    }
  }
}

// A norm and one block: layers of those types that have no two blocks.
LayerRun single(const MixerBlock& block) {
  return {{ResidualBlock{"x_in", "input_norm", block}}, 1};
}

Mamba2Block mamba2_block(FactReader& reader, const char* heads, const char* head_dim, const char* groups,
                         const char* states, const char* taps, const char* chunk) {
  Mamba2Block block;
  block.heads = reader.required(heads);
  block.head_dim = reader.required(head_dim);
  block.groups = reader.optional(groups, 1);
  block.states = reader.required(states);
  block.taps = reader.optional(taps, 4);
  block.chunk = reader.optional(chunk, 256);
  read_kept(reader, block);
  if (reader.good() && block.heads % block.groups != 0)
    reader.fail(groups, std::to_string(block.heads) + " heads of a state are no multiple of " +
                            std::to_string(block.groups) + " groups");
  return block;
}

// The same under the names of types that have attention, too.
Mamba2Block mamba2_block_beside(FactReader& reader) {
  Mamba2Block block = mamba2_block(reader, "mamba_n_heads", "mamba_d_head", "mamba_n_groups", "mamba_d_state",
                                   "mamba_d_conv", "mamba_chunk_size");
  block.conv_bias = reader.flag("mamba_conv_bias", true);
  block.biases = reader.flag("mamba_proj_bias", false);
  return block;
}

MambaBlock mamba_block(FactReader& reader, std::uint64_t hidden, const char* states, const char* taps,
                       const char* rank) {
  MambaBlock block;
  block.states = reader.required(states);
  block.taps = reader.optional(taps, 4);
  const std::uint64_t usual = ceil_div<std::uint64_t>(std::max<std::uint64_t>(hidden, 1), 16);
  block.step_rank = reader.is_string(rank) ? usual : reader.optional(rank, usual);
  if (reader.is_string(rank) && reader.word(rank, "") != "auto")
    reader.fail(rank, std::string("'") + rank + "' must be a positive integer or auto");
  read_kept(reader, block);
  return block;
}

LlmSpec mamba(FactReader& reader, const std::string& type) {
  DecoderFacts facts;
  facts.hidden = reader.required("hidden_size");
  facts.layers = reader.required_of({"num_hidden_layers", "n_layer"});
  facts.vocab = reader.required("vocab_size");
  facts.tied = reader.flag("tie_word_embeddings", true);
  const std::uint64_t expand = reader.optional("expand", 2);
  if (type == "mamba") {
    MambaBlock block = mamba_block(reader, facts.hidden, "state_size", "conv_kernel", "time_step_rank");
    block.inner = reader.optional("intermediate_size", expand * facts.hidden);
    block.conv_bias = reader.flag("use_conv_bias", true);
    block.biases = reader.flag("use_bias", false);
    reader.ignore({"hidden_act", "rescale_prenorm_residual", "residual_in_fp32"});
    LayerRun run = single(block);
    run.times = facts.layers;
    return assembled(reader, facts, {run});
  }
  Mamba2Block block =
      mamba2_block(reader, "num_heads", "head_dim", "n_groups", "state_size", "conv_kernel", "chunk_size");
  block.conv_bias = reader.flag("use_conv_bias", true);
  block.biases = reader.flag("use_bias", false);
  block.gated_norm = reader.flag("rms_norm", true);
  if (reader.good() && block.heads * block.head_dim != expand * facts.hidden)
    reader.fail("num_heads", std::to_string(block.heads) + " heads of " + std::to_string(block.head_dim) +
                                 " are not 'expand' times 'hidden_size'");
  reader.ignore(
      {"hidden_act", "rescale_prenorm_residual", "residual_in_fp32", "time_step_rank", "norm_before_gate"});
  LayerRun run = single(block);
  run.times = facts.layers;
  return assembled(reader, facts, {run});
}

LlmSpec jamba(FactReader& reader) {
  DecoderFacts facts = usual_facts(reader);
  facts.attention = usual_attention(reader, facts.hidden);
  facts.attention.rotary = false;
  facts.attention.window = reader.optional("sliding_window", 0);
  facts.tied = reader.flag("tie_word_embeddings", false);
  MambaBlock block = mamba_block(reader, facts.hidden, "mamba_d_state", "mamba_d_conv", "mamba_dt_rank");
  block.inner = reader.optional("mamba_expand", 2) * facts.hidden;
  block.conv_bias = reader.flag("mamba_conv_bias", true);
  block.biases = reader.flag("mamba_proj_bias", false);
  block.normed = true;
  const std::uint64_t width = reader.required("intermediate_size");
  MixtureBlock mixture = gated_mixture(reader, {"num_experts"}, {"num_experts_per_tok"}, "intermediate_size");
  const FeedForwardBlock dense{width, mixture.activation, false};
  const auto period = [&reader](const char* every, const char* offset, std::uint64_t usual_every,
                                std::int64_t usual_offset) {
    const std::uint64_t n = reader.optional(every, usual_every);
    const auto at = static_cast<std::uint64_t>(reader.whole(offset, usual_offset, 0, 10'000));
    return [n, at](std::uint64_t i) { return n > 0 && i % n == at; };
  };
  const auto attends = period("attn_layer_period", "attn_layer_offset", 8, 4);
  const auto mixed = period("expert_layer_period", "expert_layer_offset", 2, 1);
  shares_evenly(reader, facts.attention);
  std::vector<LayerRun> layers;
  for (std::uint64_t i = 0; i < facts.layers; ++i) {
    const MixerBlock first = attends(i) ? MixerBlock(facts.attention) : MixerBlock(block);
    const MixerBlock second = mixed(i) && mixture.experts > 1 ? MixerBlock(mixture) : MixerBlock(dense);
    layers.push_back({pre_norm_layer(first, second), 1});
  }
  reader.ignore({"num_logits_to_keep", "use_mamba_kernels", "calc_logits_for_entire_prompt"});
  return assembled(reader, facts, std::move(layers));
}

// One block a layer, as a word says: M mamba, * attention, - feed-forward, E mixture.
LlmSpec nemotron_h(FactReader& reader) {
  DecoderFacts facts = usual_facts(reader);
  facts.attention.heads = reader.required("num_attention_heads");
  facts.attention.kv_heads = reader.optional("num_key_value_heads", facts.attention.heads);
  const std::uint64_t usual_dim = facts.attention.heads > 0 ? facts.hidden / facts.attention.heads : 0;
  facts.attention.head_dim = reader.optional("head_dim", reader.optional("attention_head_dim", usual_dim));
  facts.attention.qkv_bias = facts.attention.output_bias = reader.flag("attention_bias", false);
  facts.tied = reader.flag("tie_word_embeddings", false);
  Mamba2Block block = mamba2_block(reader, "mamba_num_heads", "mamba_head_dim", "n_groups", "ssm_state_size",
                                   "conv_kernel", "chunk_size");
  block.conv_bias = reader.flag("use_conv_bias", true);
  block.biases = reader.flag("mamba_proj_bias", reader.flag("use_bias", false));
  const std::string word = reader.word("hybrid_override_pattern", "");
  const ActivationKind activation = activation_of(reader, {"mlp_hidden_act"}, "relu2", false);
  const auto has = [&word](char letter) { return word.find(letter) != std::string::npos; };
  FeedForwardBlock dense;
  MixtureBlock mixture;
  if (has('-')) dense = {reader.required("intermediate_size"), activation, reader.flag("mlp_bias", false)};
  if (has('E')) {
    mixture = read_mixture(reader, {"n_routed_experts"}, {"num_experts_per_tok"}, "moe_intermediate_size");
    mixture.activation = activation;
    mixture.score_bias = true;
    mixture.shared = reader.optional("n_shared_experts", 0) *
                     reader.optional("moe_shared_expert_intermediate_size", mixture.width);
    reader.ignore({"intermediate_size", "mlp_bias"});
  }
  if (word.size() != facts.layers || word.find_first_not_of("M*-E") != std::string::npos)
    reader.fail("hybrid_override_pattern",
                "'hybrid_override_pattern' must be a letter a layer: M, *, - or E");
  shares_evenly(reader, facts.attention);
  std::vector<LayerRun> layers;
  for (const char letter : word) {
    layers.push_back(single(letter == 'M'   ? MixerBlock(block)
                            : letter == '*' ? MixerBlock(facts.attention)
                            : letter == 'E' ? MixerBlock(mixture)
                                            : MixerBlock(dense)));
  }
  reader.ignore({"num_logits_to_keep", "rescale_prenorm_residual", "time_step_rank", "use_mamba_kernels",
                 "mamba_hidden_act", "sliding_window", "expand", "n_group", "topk_group", "norm_topk_prob",
                 "routed_scaling_factor", "residual_in_fp32", "time_step_limit", "mamba_num_groups"});
  return assembled(reader, facts, std::move(layers));
}

// Attention and a state side by side in every layer.
LlmSpec falcon_h1(FactReader& reader) {
  DecoderFacts facts = usual_facts(reader);
  facts.attention = usual_attention(reader, facts.hidden);
  facts.attention.qkv_bias = facts.attention.output_bias = reader.flag("attention_bias", false);
  facts.tied = reader.flag("tie_word_embeddings", false);
  Mamba2Block block = mamba2_block_beside(reader);
  block.gated_norm = reader.flag("mamba_rms_norm", false);
  FeedForwardBlock dense;
  dense.width = reader.required("intermediate_size");
  dense.activation = activation_of(reader, {"hidden_act"}, "silu", true);
  dense.biases = reader.flag("mlp_bias", false);
  reader.ignore({"mamba_d_ssm", "mamba_expand", "mamba_norm_before_gate", "mamba_use_mlp",
                 "num_logits_to_keep", "attention_in_multiplier", "attention_out_multiplier",
                 "key_multiplier", "mlp_multipliers", "ssm_multipliers", "ssm_in_multiplier",
                 "ssm_out_multiplier", "lm_head_multiplier", "projectors_bias"});
  if (reader.good() &&
      reader.optional("mamba_d_ssm", block.heads * block.head_dim) != block.heads * block.head_dim)
    reader.fail("mamba_d_ssm", "'mamba_d_ssm' is not 'mamba_n_heads' times 'mamba_d_head'");
  shares_evenly(reader, facts.attention);
  const LayerRun run = {
      {ParallelBranches{{"input_norm"}, {block, facts.attention}}, ResidualBlock{"x_mid", "ffn_norm", dense}},
      facts.layers};
  return assembled(reader, facts, {run});
}

LlmSpec granite_hybrid(FactReader& reader) {
  DecoderFacts facts = usual_facts(reader);
  facts.attention = usual_attention(reader, facts.hidden);
  facts.attention.rotary = reader.word("position_embedding_type", "rope") == "rope";
  facts.attention.qkv_bias = facts.attention.output_bias = reader.flag("attention_bias", false);
  facts.tied = reader.flag("tie_word_embeddings", true);
  Mamba2Block block = mamba2_block_beside(reader);
  const std::uint64_t shared = reader.optional("shared_intermediate_size", 0);
  const std::int64_t experts = reader.whole("num_local_experts", 0, 0, 1 << 20);
  MixerBlock second;
  if (experts > 0) {
    MixtureBlock mixture =
        gated_mixture(reader, {"num_local_experts"}, {"num_experts_per_tok"}, "intermediate_size");
    mixture.shared = shared;
    second = mixture;
  } else {
    second = FeedForwardBlock{shared, activation_of(reader, {"hidden_act"}, "silu", true), false};
    reader.ignore({"num_experts_per_tok", "intermediate_size"});
  }
  const std::vector<std::string> types = layer_words(reader, facts.layers, {"mamba", "attention"});
  shares_evenly(reader, facts.attention);
  std::vector<LayerRun> layers;
  for (const std::string& word : types) {
    const MixerBlock first = word == "attention" ? MixerBlock(facts.attention) : MixerBlock(block);
    layers.push_back({pre_norm_layer(first, second), 1});
  }
  reader.ignore({"mamba_expand", "num_logits_to_keep", "normalization_function", "init_method"});
  return assembled(reader, facts, std::move(layers));
}

// qwen3_next and qwen3_5: gated delta rules, and of every so many layers one of gated attention.
LlmSpec qwen_delta(FactReader& reader, const std::string& type) {
  DecoderFacts facts = usual_facts(reader);
  facts.attention = usual_attention(reader, facts.hidden);
  facts.attention.qkv_bias = facts.attention.output_bias = reader.flag("attention_bias", false);
  facts.attention.qk_norm = QkNorm::head;
  facts.attention.gated = reader.flag("attn_output_gate", true);
  facts.tied = reader.flag("tie_word_embeddings", false);
  DeltaBlock block;
  block.key_heads = reader.required("linear_num_key_heads");
  block.value_heads = reader.required("linear_num_value_heads");
  block.key_dim = reader.required("linear_key_head_dim");
  block.value_dim = reader.required("linear_value_head_dim");
  block.taps = reader.optional("linear_conv_kernel_dim", 4);
  read_kept(reader, block);
  const bool dense_only = type == "qwen3_5";
  MixerBlock mixed;
  MixerBlock dense;
  if (!dense_only) {
    MixtureBlock mixture =
        gated_mixture(reader, {"num_experts"}, {"num_experts_per_tok"}, "moe_intermediate_size");
    mixture.shared = reader.required("shared_expert_intermediate_size");
    mixture.shared_gate = true;
    mixed = mixture;
  }
  const std::vector<std::uint64_t> first = reader.numbers("mlp_only_layers");
  if (dense_only || !first.empty())
    dense = FeedForwardBlock{reader.required("intermediate_size"),
                             activation_of(reader, {"hidden_act"}, "silu", true), false};
  const std::uint64_t step = reader.optional("decoder_sparse_step", 1);
  const std::uint64_t interval = reader.optional("full_attention_interval", 4);
  std::vector<std::string> types;
  if (reader.has("layer_types")) {
    types = layer_words(reader, facts.layers, {"linear_attention", "full_attention"});
  } else {
    for (std::uint64_t i = 0; i < facts.layers; ++i)
      types.emplace_back((i + 1) % interval == 0 ? "full_attention" : "linear_attention");
  }
  if (step != 1)
    reader.fail("decoder_sparse_step", "'decoder_sparse_step' other than 1 is not modelled here");
  shares_evenly(reader, facts.attention);
  if (reader.good() && block.value_heads % block.key_heads != 0)
    reader.fail("linear_num_value_heads",
                "'linear_num_value_heads' must be a multiple of 'linear_num_key_heads'");
  std::vector<LayerRun> layers;
  for (std::uint64_t i = 0; i < types.size(); ++i) {
    const bool alone = dense_only || std::find(first.begin(), first.end(), i) != first.end();
    const MixerBlock mixer = types[i] == "full_attention" ? MixerBlock(facts.attention) : MixerBlock(block);
    layers.push_back({pre_norm_layer(mixer, alone ? dense : mixed), 1});
  }
  reader.ignore({"intermediate_size", "norm_topk_prob", "use_sliding_window", "mtp_use_dedicated_embeddings",
                 "mtp_num_hidden_layers", "max_window_layers", "sliding_window"});
  return assembled(reader, facts, std::move(layers));
}

// Delta rules with a gate for each element of a key, and latent attention.
LlmSpec kimi_linear(FactReader& reader) {
  DecoderFacts facts = usual_facts(reader);
  facts.max_positions = reader.optional("model_max_length", facts.max_positions);
  const LatentAttentionBlock latent = latent_attention(reader);
  facts.tied = reader.flag("tie_word_embeddings", false);
  FactReader linear = reader.inside("linear_attn_config");
  DeltaBlock block;
  block.kind = DeltaBlock::Kind::kimi_delta;
  block.key_heads = block.value_heads = linear.required("num_heads");
  block.key_dim = block.value_dim = linear.required("head_dim");
  block.taps = linear.optional("short_conv_kernel_size", 4);
  const std::vector<std::uint64_t> delta = linear.numbers("kda_layers");
  const std::vector<std::uint64_t> full = linear.numbers("full_attn_layers");
  if (delta.size() + full.size() != facts.layers)
    linear.fail("kda_layers", "'kda_layers' and 'full_attn_layers' must name each of the layers once");
  reader.take(std::move(linear), "kimi_linear");
  MixtureBlock mixture = gated_mixture(
      reader, {"num_experts"}, {"num_experts_per_token", "num_experts_per_tok"}, "moe_intermediate_size");
  mixture.shared = reader.optional("num_shared_experts", 0) * mixture.width;
  mixture.score_bias = true;
  const FeedForwardBlock dense{reader.required("intermediate_size"), mixture.activation, false};
  const std::uint64_t first = reader.optional("first_k_dense_replace", 0);
  const std::uint64_t step = reader.optional("moe_layer_freq", 1);
  std::vector<LayerRun> layers;
  for (std::uint64_t i = 0; i < facts.layers; ++i) {
    const bool attends = std::find(full.begin(), full.end(), i + 1) != full.end();
    const MixerBlock mixer = attends ? MixerBlock(latent) : MixerBlock(block);
    layers.push_back(
        {pre_norm_layer(mixer, i >= first && i % step == 0 ? MixerBlock(mixture) : MixerBlock(dense)), 1});
  }
  reader.ignore({"mla_use_nope", "num_nextn_predict_layers", "head_dim", "num_key_value_heads",
                 "num_expert_group", "topk_group", "moe_router_activation_func", "moe_renormalize",
                 "use_grouped_topk", "routed_scaling_factor", "num_experts_per_tok"});
  return assembled(reader, facts, std::move(layers));
}

LlmSpec lfm2(FactReader& reader) {
  DecoderFacts facts = usual_facts(reader);
  facts.attention = usual_attention(reader, facts.hidden);
  facts.attention.qk_norm = QkNorm::head;
  facts.tied = reader.flag("tie_embedding", reader.flag("tie_word_embeddings", true));
  ShortConvBlock block;
  block.inner = facts.hidden;
  block.taps = reader.required("conv_L_cache");
  block.biases = reader.flag("conv_bias", false);
  std::uint64_t width = reader.required_of({"intermediate_size", "block_ff_dim"});
  if (reader.flag("block_auto_adjust_ff_dim", true)) {
    const std::uint64_t multiple = reader.optional("block_multiple_of", 256);
    width = 2 * width / 3;
    width =
        static_cast<std::uint64_t>(reader.number("block_ffn_dim_multiplier", 1) * static_cast<double>(width));
    width = ceil_div(width, multiple) * multiple;
  }
  const FeedForwardBlock dense{width, activation_of(reader, {"hidden_act"}, "silu", true), false};
  const std::vector<std::string> types = layer_words(reader, facts.layers, {"conv", "full_attention"});
  shares_evenly(reader, facts.attention);
  std::vector<LayerRun> layers;
  for (const std::string& word : types) {
    const MixerBlock mixer = word == "conv" ? MixerBlock(block) : MixerBlock(facts.attention);
    layers.push_back({pre_norm_layer(mixer, dense), 1});
  }
  reader.ignore({"conv_dim", "conv_dim_out", "conv_use_xavier_init", "block_dim", "block_ff_dim",
                 "block_mlp_init_scale", "block_norm_eps", "block_out_init_scale", "block_use_swiglu",
                 "block_use_xavier_init", "num_heads", "full_attn_idxs", "block_multiple_of",
                 "block_ffn_dim_multiplier", "tie_word_embeddings"});
  LlmSpec spec = assembled(reader, facts, std::move(layers));
  return spec;
}

}  // namespace

LlmSpec build_hybrid(FactReader& reader, const std::string& type) {
  if (type == "mamba" || type == "mamba2") return mamba(reader, type);
  if (type == "jamba") return jamba(reader);
  if (type == "nemotron_h") return nemotron_h(reader);
  if (type == "falcon_h1") return falcon_h1(reader);
  if (type == "granitemoehybrid") return granite_hybrid(reader);
  if (type == "kimi_linear") return kimi_linear(reader);
  if (type == "lfm2") return lfm2(reader);
  return qwen_delta(reader, type);
}

}  // namespace orrery
