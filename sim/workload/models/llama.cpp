// llama and what differs from it in biases, norms of queries and keys, or names of keys.

#include <algorithm>

#include "sim/workload/models/decoder.h"
#include "sim/workload/models/model_types.h"

namespace orrery {
namespace {

// Layers below max_window_layers see everything, as those types have it whose windows may be switched off.
std::vector<std::uint64_t> qwen_windows(FactReader& reader, std::uint64_t layers) {
  const bool sliding = reader.flag("use_sliding_window", false);
  const std::uint64_t window = reader.optional("sliding_window", 0);
  const std::uint64_t whole = reader.optional("max_window_layers", layers);
  std::vector<std::uint64_t> by_type = windows_by_type(reader, layers, window);
  if (!by_type.empty() || !sliding) return by_type;
  std::vector<std::uint64_t> windows(layers, window);
  std::fill_n(windows.begin(), std::min(whole, layers), 0);
  return windows;
}

// A bias that a type has (or has not), or that a key says.
void read_biases(FactReader& reader, const std::string& type, AttentionBlock& attention, bool& feed_forward) {
  if (type == "qwen2" || type == "mimo" || type == "qwen2_vl" || type == "qwen2_5_vl") {
    attention.qkv_bias = reader.flag("attention_bias", true);
  } else if (type == "internlm" || type == "internlm2") {
    attention.qkv_bias = attention.output_bias = reader.flag("bias", type == "internlm");
  } else if (type == "ernie4_5") {
    attention.qkv_bias = attention.output_bias = feed_forward = reader.flag("use_bias", false);
  } else if (type == "seed_oss") {
    attention.qkv_bias = reader.flag("attention_bias", true);
    attention.output_bias = reader.flag("attention_out_bias", false);
  } else {
    attention.qkv_bias = attention.output_bias = reader.flag("attention_bias", false);
  }
  if (type != "ernie4_5") feed_forward = reader.flag("mlp_bias", false);
}

bool tied_by_default(const std::string& type) {
  return type == "ernie4_5" || type == "smollm3";
}

}  // namespace

LlmSpec build_llama(FactReader& reader, const std::string& type) {
  DecoderFacts facts;
  facts.hidden = reader.required("hidden_size");
  facts.layers = reader.required_of({"num_hidden_layers", "num_layers"});
  facts.vocab = reader.required("vocab_size");
  facts.max_positions = reader.optional("max_position_embeddings", 0);
  facts.attention = usual_attention(reader, facts.hidden);
  FeedForwardBlock feed_forward;
  feed_forward.width = reader.required("intermediate_size");
  feed_forward.activation = activation_of(reader, {"hidden_act", "activation_function"}, "silu", true);
  read_biases(reader, type, facts.attention, feed_forward.biases);
  facts.feed_forward = feed_forward;
  if (type == "qwen3" || type == "qwen3_vl" || type == "hunyuan_v1_dense")
    facts.attention.qk_norm = QkNorm::head;
  if (type.compare(0, 4, "qwen") == 0 || type == "mimo") {
    facts.windows = qwen_windows(reader, facts.layers);
  } else {
    facts.attention.window = reader.optional("sliding_window", reader.optional("sliding_window_size", 0));
    facts.windows = windows_by_type(reader, facts.layers, facts.attention.window);
  }
  facts.tied = reader.flag("tie_word_embeddings", tied_by_default(type));
  reader.ignore(
      {"num_nextn_predict_layers", "no_rope_layers", "no_rope_layer_interval", "attention_sink_size"});
  return decoder(reader, facts);
}

// Layers that a search has pruned, each by its block_configs entry: heads in a group, width as a multiple of
// 2/3 of the hidden size (rounded up to 256), or nothing at all.
LlmSpec build_nemotron_nas(FactReader& reader, const std::string& /*type*/) {
  DecoderFacts facts = usual_facts(reader);
  const std::uint64_t heads = reader.required("num_attention_heads");
  const bool bias = reader.flag("attention_bias", false);
  const std::uint64_t head_dim = reader.optional("head_dim", heads > 0 ? facts.hidden / heads : 0);
  const ActivationKind activation = activation_of(reader, {"hidden_act"}, "silu", true);
  const nlohmann::json& blocks = reader.part("block_configs");
  std::vector<LayerRun> layers;
  reader.ignore({"num_key_value_heads", "intermediate_size"});
  if (!blocks.is_array() || blocks.size() != facts.layers)
    reader.fail("block_configs", "'block_configs' must hold a block for each of the layers");
  for (std::size_t i = 0; reader.good() && i < blocks.size(); ++i) {
    const std::string at = reader.pointer("block_configs") + "/" + std::to_string(i);
    std::vector<LayerBlock> layer;
    try {
      const nlohmann::json& a = blocks[i].at("attention");
      const nlohmann::json& f = blocks[i].at("ffn");
      if (a.value("replace_with_linear", false) || f.value("replace_with_linear", false))
        reader.fail_at(at, "a block that is replaced by a linear layer is not modelled");
      if (!a.value("no_op", false)) {
        AttentionBlock attention;
        attention.heads = heads;
        const auto group = a.at("n_heads_in_group").get<std::int64_t>();
        attention.kv_heads = group > 0 ? heads / static_cast<std::uint64_t>(group) : 0;
        attention.head_dim = head_dim;
        attention.rotary = true;
        attention.qkv_bias = attention.output_bias = bias;
        if (a.contains("window_length") && a["window_length"].is_number_integer())
          attention.window = a["window_length"].get<std::uint64_t>();
        shares_evenly(reader, attention);
        layer.emplace_back(ResidualBlock{"x_in", "input_norm", attention});
      }
      if (!f.value("no_op", false)) {
        const double wide = f.at("ffn_mult").get<double>() * 2 * static_cast<double>(facts.hidden) / 3;
        if (!(wide > 0 && wide < 1e7)) reader.fail_at(at, "'ffn_mult' gives no width");
        const std::uint64_t width = ceil_div<std::uint64_t>(static_cast<std::uint64_t>(wide), 256) * 256;
        layer.emplace_back(ResidualBlock{"x_mid", "ffn_norm", FeedForwardBlock{width, activation, false}});
      }
    } catch (const nlohmann::json::exception&) {
      reader.fail_at(at, "expected {attention: {n_heads_in_group, no_op}, ffn: {ffn_mult, no_op}}");
    }
    layers.push_back({std::move(layer), 1});
  }
  facts.tied = reader.flag("tie_word_embeddings", false);
  return assembled(reader, facts, std::move(layers));
}

// Some layers attend across to an image: idle while there is none. They have norms of queries and keys, and
// two gates; the embedding has eight rows more than the head.
LlmSpec build_mllama(FactReader& reader, const std::string& /*type*/) {
  DecoderFacts facts = usual_facts(reader);
  AttentionBlock attention = usual_attention(reader, facts.hidden);
  const FeedForwardBlock dense{reader.required("intermediate_size"),
                               activation_of(reader, {"hidden_act", "hidden_activation"}, "silu", true),
                               false};
  const std::vector<std::uint64_t> across = reader.numbers("cross_attention_layers");
  facts.tied = reader.flag("tie_word_embeddings", false);
  reader.ignore({"add_cross_attention"});
  if (!shares_evenly(reader, attention)) return {};
  const std::uint64_t query = attention.heads * attention.head_dim;
  const std::uint64_t idle = facts.hidden * (2 * query + 2 * attention.kv_heads * attention.head_dim) +
                             3 * facts.hidden * dense.width + 2 * facts.hidden + 2 * attention.head_dim + 2;
  std::vector<LayerRun> layers;
  for (std::uint64_t i = 0; i < facts.layers; ++i) {
    if (std::find(across.begin(), across.end(), i) != across.end()) {
      layers.push_back({{IdleLayer{idle}}, 1});
    } else {
      layers.push_back({pre_norm_layer(attention, dense), 1});
    }
  }
  LlmSpec spec = assembled(reader, facts, std::move(layers));
  spec.front = EmbeddingBlock{facts.vocab + 8};
  spec.omitted.emplace_back("cross_attention_layers");
  return spec;
}

}  // namespace orrery
