// Neighbours of llama with norms, activations or projections of their own: gemma, phi, olmo, cohere, glm,
// qwen, starcoder2, stablelm.

#include <algorithm>

#include "sim/workload/models/mixture_facts.h"
#include "sim/workload/models/model_types.h"

namespace orrery {
namespace {

// All layers slide but every `period`-th.
std::vector<std::uint64_t> every_whole(std::uint64_t layers, std::uint64_t period, std::uint64_t window) {
  std::vector<std::uint64_t> windows(layers, window);
  for (std::uint64_t i = 0; i < layers; ++i) {
    if (period > 0 && (i + 1) % period == 0) windows[i] = 0;
  }
  return windows;
}

FeedForwardBlock gated(FactReader& reader, const char* usual) {
  return {reader.required("intermediate_size"),
          activation_of(reader, {"hidden_activation", "hidden_act"}, usual, true), false};
}

}  // namespace

LlmSpec build_gemma(FactReader& reader, const std::string& type) {
  const bool third = type == "gemma3_text" || type == "gemma3";
  DecoderFacts facts = usual_facts(reader);
  if (third && !reader.has("head_dim"))
    reader.fail("head_dim", "missing key 'head_dim' (a positive integer)");
  facts.attention = usual_attention(reader, facts.hidden);
  facts.attention.qkv_bias = facts.attention.output_bias = reader.flag("attention_bias", false);
  facts.feed_forward = gated(reader, "gelu_pytorch_tanh");
  if (type != "gemma") {
    facts.form = LayerForm::sandwich;
    const std::uint64_t window = reader.optional("sliding_window", 4096);
    facts.windows = windows_by_type(reader, facts.layers, window);
    const std::uint64_t said = reader.optional("sliding_window_pattern", third ? 6 : 2);
    const std::uint64_t period = reader.optional("_sliding_window_pattern", said);
    if (facts.windows.empty()) facts.windows = every_whole(facts.layers, period, window);
  }
  if (third) facts.attention.qk_norm = QkNorm::head;
  facts.tied = reader.flag("tie_word_embeddings", true);
  return decoder(reader, facts);
}

// Wider heads where a layer sees everything; in its layers a mixture stands beside the feed-forward block.
LlmSpec build_gemma4(FactReader& reader, const std::string& /*type*/) {
  DecoderFacts facts = usual_facts(reader);
  AttentionBlock sliding = usual_attention(reader, facts.hidden);
  sliding.qkv_bias = sliding.output_bias = reader.flag("attention_bias", false);
  sliding.qk_norm = QkNorm::head;
  AttentionBlock whole = sliding;
  whole.head_dim = reader.optional("global_head_dim", sliding.head_dim);
  whole.kv_heads = reader.optional("num_global_key_value_heads", sliding.kv_heads);
  whole.shared_values = reader.flag("attention_k_eq_v", false);
  const std::uint64_t window = reader.required("sliding_window");
  const std::vector<std::uint64_t> windows = windows_by_type(reader, facts.layers, window);
  const FeedForwardBlock dense = gated(reader, "gelu_pytorch_tanh");
  std::vector<MixerBlock> second = {dense};
  if (reader.flag("enable_moe_block", false)) {
    MixtureBlock mixture = read_mixture(reader, {"num_experts"}, {"top_k_experts", "num_experts_per_tok"},
                                        "moe_intermediate_size");
    mixture.activation = dense.activation;
    mixture.scaled = true;
    second.emplace_back(mixture);
  }
  reader.ignore({"vocab_size_per_layer_input"});
  shares_evenly(reader, whole);
  shares_evenly(reader, sliding);
  facts.tied = reader.flag("tie_word_embeddings", true);
  std::vector<LayerRun> layers;
  for (std::uint64_t i = 0; i < facts.layers; ++i) {
    AttentionBlock attention = i < windows.size() && windows[i] > 0 ? sliding : whole;
    attention.window = i < windows.size() ? windows[i] : 0;
    layers.push_back(
        {{ResidualBlock{"x_in", "input_norm", attention, "attention_norm"}, NormedBranches{second}}, 1});
  }
  return assembled(reader, facts, std::move(layers));
}

// phi (attention and feed-forward side by side, layer norms, biases everywhere) under its three names, and
// phi3 (a llama whose projections are fused).
LlmSpec build_phi(FactReader& reader, const std::string& type) {
  DecoderFacts facts;
  if (type == "phi3" || type == "phi3_v") {
    facts = usual_facts(reader);
    facts.attention = usual_attention(reader, facts.hidden);
    facts.feed_forward = gated(reader, "silu");
    facts.attention.window = reader.optional("sliding_window", 0);
    facts.tied = reader.flag("tie_word_embeddings", false);
    reader.ignore({"attention_bias", "mlp_bias", "embd_layer", "img_processor"});
    return decoder(reader, facts);
  }
  facts.hidden = reader.required_of({"hidden_size", "n_embd"});
  facts.layers = reader.required_of({"num_hidden_layers", "n_layer"});
  facts.vocab = reader.required("vocab_size");
  facts.max_positions = reader.required_of({"max_position_embeddings", "n_positions"});
  facts.norm = NormKind::layernorm;
  facts.form = LayerForm::parallel;
  const std::uint64_t heads = reader.required_of({"num_attention_heads", "n_head"});
  facts.attention = own_key_values(reader, heads, facts.hidden);
  facts.attention.kv_heads = reader.optional("num_key_value_heads", reader.optional("n_head_kv", heads));
  facts.attention.rotary = facts.attention.qkv_bias = facts.attention.output_bias = true;
  if (reader.flag("qk_layernorm", false)) facts.attention.qk_norm = QkNorm::head;
  const std::uint64_t width =
      reader.optional("intermediate_size", reader.optional("n_inner", 4 * facts.hidden));
  facts.feed_forward = FeedForwardBlock{
      width, activation_of(reader, {"hidden_act", "activation_function"}, "gelu_new", false), true};
  facts.tied = reader.flag("tie_word_embeddings", false);
  facts.head_bias = true;
  reader.ignore({"attention_bias", "architecture"});
  return decoder(reader, facts);
}

// Norms behind the branches, of all heads' queries and keys; exaone4 norms each head.
LlmSpec build_olmo(FactReader& reader, const std::string& type) {
  DecoderFacts facts = usual_facts(reader);
  facts.attention = usual_attention(reader, facts.hidden);
  facts.attention.qkv_bias = facts.attention.output_bias = reader.flag("attention_bias", false);
  facts.feed_forward = gated(reader, "silu");
  facts.form = LayerForm::branch_norm;
  facts.attention.qk_norm = type == "exaone4" ? QkNorm::head : QkNorm::all_heads;
  const std::uint64_t window = reader.optional("sliding_window", 0);
  facts.windows = windows_by_type(reader, facts.layers, window);
  if (facts.windows.empty() && window > 0 && type != "olmo2")
    facts.windows = every_whole(facts.layers, 4, window);
  reader.ignore({"sliding_window_pattern"});
  facts.tied = reader.flag("tie_word_embeddings", false);
  return decoder(reader, facts);
}

// Attention and feed-forward side by side behind one norm without a bias.
LlmSpec build_cohere(FactReader& reader, const std::string& type) {
  DecoderFacts facts = usual_facts(reader);
  facts.attention = usual_attention(reader, facts.hidden);
  facts.attention.qkv_bias = facts.attention.output_bias = reader.flag("attention_bias", false);
  if (reader.flag("use_qk_norm", false)) facts.attention.qk_norm = QkNorm::each_head;
  facts.feed_forward = gated(reader, "silu");
  facts.norm = NormKind::layernorm_gain;
  facts.form = LayerForm::parallel;
  if (type == "cohere2") {
    const std::uint64_t window = reader.optional("sliding_window", 4096);
    facts.windows = windows_by_type(reader, facts.layers, window);
    const std::uint64_t period = reader.optional("sliding_window_pattern", 4);
    if (facts.windows.empty()) facts.windows = every_whole(facts.layers, period, window);
  }
  facts.tied = reader.flag("tie_word_embeddings", true);
  return decoder(reader, facts);
}

// chatglm by its own keys; glm and glm4 (norms on both sides) by the usual ones.
LlmSpec build_glm(FactReader& reader, const std::string& type) {
  if (type != "chatglm") {
    DecoderFacts facts = usual_facts(reader);
    facts.attention = usual_attention(reader, facts.hidden);
    facts.attention.qkv_bias = reader.flag("attention_bias", type == "glm");
    facts.feed_forward = gated(reader, "silu");
    if (type == "glm4") facts.form = LayerForm::sandwich;
    facts.tied = reader.flag("tie_word_embeddings", false);
    return decoder(reader, facts);
  }
  DecoderFacts facts;
  facts.hidden = reader.required("hidden_size");
  facts.layers = reader.required("num_layers");
  facts.vocab = reader.required_of({"padded_vocab_size", "vocab_size"});
  facts.max_positions = reader.optional("seq_length", 0);
  facts.attention.heads = reader.required("num_attention_heads");
  facts.attention.kv_heads = reader.flag("multi_query_attention", false)
                                 ? reader.required("multi_query_group_num")
                                 : facts.attention.heads;
  const std::uint64_t usual = facts.attention.heads > 0 ? facts.hidden / facts.attention.heads : 0;
  facts.attention.head_dim = reader.optional("kv_channels", usual);
  facts.attention.rotary = true;
  const bool biases = reader.flag("add_bias_linear", false);
  facts.attention.qkv_bias = reader.flag("add_qkv_bias", false) || biases;
  facts.attention.output_bias = biases;
  facts.feed_forward =
      FeedForwardBlock{reader.required("ffn_hidden_size"), ActivationKind::silu_gated, biases};
  facts.norm = reader.flag("rmsnorm", true) ? NormKind::rmsnorm : NormKind::layernorm;
  facts.final_norm = reader.flag("post_layer_norm", true);
  facts.tied = reader.flag("tie_word_embeddings", false);
  LlmSpec spec = decoder(reader, facts);
  // Its class is named after the whole model, and has the head.
  spec.head = LanguageHead{facts.vocab, facts.tied, false, facts.final_norm};
  return spec;
}

// The first qwen: intermediate_size counts both halves of the gated product.
LlmSpec build_qwen(FactReader& reader, const std::string& /*type*/) {
  DecoderFacts facts = usual_facts(reader);
  facts.attention.heads = facts.attention.kv_heads = reader.required("num_attention_heads");
  const std::uint64_t usual = facts.attention.heads > 0 ? facts.hidden / facts.attention.heads : 0;
  facts.attention.head_dim = reader.optional("kv_channels", usual);
  facts.attention.rotary = facts.attention.qkv_bias = true;
  const bool biases = !reader.flag("no_bias", true);
  facts.attention.output_bias = biases;
  facts.feed_forward = FeedForwardBlock{ceil_div<std::uint64_t>(reader.required("intermediate_size"), 2),
                                        ActivationKind::silu_gated, biases};
  facts.tied = reader.flag("tie_word_embeddings", false);
  reader.ignore({"seq_length"});
  return decoder(reader, facts);
}

LlmSpec build_starcoder2(FactReader& reader, const std::string& /*type*/) {
  DecoderFacts facts = usual_facts(reader);
  facts.attention = usual_attention(reader, facts.hidden);
  const bool biases = reader.flag("use_bias", true);
  facts.attention.qkv_bias = facts.attention.output_bias = biases;
  facts.attention.window = reader.optional("sliding_window", 0);
  facts.feed_forward =
      FeedForwardBlock{reader.required("intermediate_size"),
                       activation_of(reader, {"hidden_act"}, "gelu_pytorch_tanh", false), biases};
  facts.norm = NormKind::layernorm;
  facts.tied = reader.flag("tie_word_embeddings", true);
  reader.ignore({"activation_function", "mlp_type", "norm_type"});
  return decoder(reader, facts);
}

LlmSpec build_stablelm(FactReader& reader, const std::string& /*type*/) {
  DecoderFacts facts = usual_facts(reader);
  facts.attention = usual_attention(reader, facts.hidden);
  facts.attention.qkv_bias = reader.flag("use_qkv_bias", false);
  if (reader.flag("qk_layernorm", false))
    reader.fail("qk_layernorm", "'qk_layernorm' of this model type is not modelled");
  facts.feed_forward = gated(reader, "silu");
  facts.norm = NormKind::layernorm;
  if (reader.flag("use_parallel_residual", false)) facts.form = LayerForm::parallel;
  facts.tied = reader.flag("tie_word_embeddings", false);
  return decoder(reader, facts);
}

}  // namespace orrery
