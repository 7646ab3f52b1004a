#include "sim/workload/llm_spec.h"

#include "sim/config/name_lookup.h"
#include "sim/util/checked.h"
#include "sim/util/nearest_name.h"

namespace orrery {
namespace {

using nlohmann::json;

// Reads dimensions and collects what is missing or wrong.
class DimensionReader {
 public:
  explicit DimensionReader(const ConfigDocument& document) : document_(document), root_(document.root()) {}

  std::uint64_t required(const char* key) { return read(key, 0, true); }
  std::uint64_t optional(const char* key, std::uint64_t fallback) { return read(key, fallback, false); }

  void fail(const std::string& pointer, const std::string& message) {
    errors.push_back(document_.diagnostic(pointer, message));
  }

  std::vector<Diagnostic> errors;

 private:
  const ConfigDocument& document_;
  const json& root_;

  // Far beyond any model: what lies above is a slip, and would take for ever or overflow.
  static std::uint64_t largest(const std::string& key) {
    if (key == "num_hidden_layers" || key == "n_layer") return 10'000;
    if (key.find("position") != std::string::npos) return std::uint64_t{1} << 30;
    if (key == "vocab_size") return std::uint64_t{1} << 26;
    return std::uint64_t{1} << 20;
  }

  std::uint64_t read(const char* key, std::uint64_t fallback, bool must) {
    if (!root_.contains(key) || root_[key].is_null()) {
      if (must) {
        std::vector<std::string> present;
        for (const auto& [name, ignored] : root_.items()) present.push_back(name);
        errors.push_back({document_.where(""), std::string("missing key '") + key + "' (a positive integer)" +
                                                   did_you_mean(key, present)});
      }
      return fallback;
    }
    const std::uint64_t most = largest(key);
    if (!root_[key].is_number_integer() || root_[key].get<std::int64_t>() <= 0 ||
        root_[key].get<std::uint64_t>() > most) {
      fail(std::string("/") + key, std::string("'") + key + "' is " + root_[key].dump() +
                                       "; expected a positive integer, at most " + std::to_string(most));
      return fallback;
    }
    return root_[key].get<std::uint64_t>();
  }
};

void read_llama(DimensionReader& reader, const json& root, LlmSpec& spec) {
  spec.hidden = reader.required("hidden_size");
  spec.layers = reader.required("num_hidden_layers");
  spec.heads = reader.required("num_attention_heads");
  spec.kv_heads = reader.optional("num_key_value_heads", spec.heads);
  spec.head_dim = reader.optional("head_dim", spec.heads > 0 ? spec.hidden / spec.heads : 0);
  spec.ffn = reader.required("intermediate_size");
  spec.vocab = reader.required("vocab_size");
  spec.max_positions = reader.optional("max_position_embeddings", 0);
  spec.tied_embeddings = root.value("tie_word_embeddings", false);
}

// Every head has keys and values of its own, and together they are as wide as the model.
void own_key_values(LlmSpec& spec) {
  spec.kv_heads = spec.heads;
  spec.head_dim = spec.heads > 0 ? spec.hidden / spec.heads : 0;
}

void read_gpt2(DimensionReader& reader, const json& root, LlmSpec& spec) {
  spec.hidden = reader.required("n_embd");
  spec.layers = reader.required("n_layer");
  spec.heads = reader.required("n_head");
  own_key_values(spec);
  spec.ffn = reader.optional("n_inner", 4 * spec.hidden);
  spec.vocab = reader.required("vocab_size");
  spec.max_positions = reader.required("n_positions");
  spec.tied_embeddings = root.value("tie_word_embeddings", true);
  spec.biases = true;
  spec.norm = NormKind::layernorm;
  spec.activation = ActivationKind::gelu;
  spec.position = PositionKind::learned;
}

void read_opt(DimensionReader& reader, LlmSpec& spec) {
  spec.hidden = reader.required("hidden_size");
  spec.layers = reader.required("num_hidden_layers");
  spec.heads = reader.required("num_attention_heads");
  own_key_values(spec);
  spec.ffn = reader.required("ffn_dim");
  spec.vocab = reader.required("vocab_size");
  spec.max_positions = reader.required("max_position_embeddings") + 2;  // its table starts two rows late
  spec.tied_embeddings = spec.biases = true;
  spec.norm = NormKind::layernorm;
  spec.activation = ActivationKind::gelu;  // relu: as many passes
  spec.position = PositionKind::learned;
}

void read_bloom(DimensionReader& reader, const json& root, LlmSpec& spec) {
  spec.hidden = root.contains("hidden_size") ? reader.required("hidden_size") : reader.required("n_embed");
  spec.layers = reader.required("n_layer");
  spec.heads = root.contains("n_head") ? reader.required("n_head") : reader.required("num_attention_heads");
  own_key_values(spec);
  spec.ffn = 4 * spec.hidden;
  spec.vocab = reader.required("vocab_size");
  spec.tied_embeddings = spec.biases = true;
  spec.norm = NormKind::layernorm;
  spec.activation = ActivationKind::gelu;
  spec.position = PositionKind::alibi;
}

void read_gptj(DimensionReader& reader, LlmSpec& spec) {
  spec.hidden = reader.required("n_embd");
  spec.layers = reader.required("n_layer");
  spec.heads = reader.required("n_head");
  own_key_values(spec);
  spec.ffn = reader.optional("n_inner", 4 * spec.hidden);
  spec.vocab = reader.required("vocab_size");
  spec.max_positions = reader.optional("n_positions", 0);
  spec.parallel_branches = true;
  spec.norm = NormKind::layernorm;
  spec.activation = ActivationKind::gelu;
  spec.position = PositionKind::rotary;
}

void read_bert(DimensionReader& reader, LlmSpec& spec) {
  spec.hidden = reader.required("hidden_size");
  spec.layers = reader.required("num_hidden_layers");
  spec.heads = reader.required("num_attention_heads");
  own_key_values(spec);
  spec.ffn = reader.required("intermediate_size");
  spec.vocab = reader.required("vocab_size");
  spec.max_positions = reader.required("max_position_embeddings");
  spec.token_types = reader.optional("type_vocab_size", 2);
  spec.tied_embeddings = true;
  spec.biases = spec.encoder_only = spec.post_norm = spec.pooler = true;
  spec.norm = NormKind::layernorm;
  spec.activation = ActivationKind::gelu;
  spec.position = PositionKind::learned;
}

}  // namespace

std::uint64_t LlmSpec::parameters() const {
  const std::uint64_t q = heads * head_dim;
  const std::uint64_t kv = kv_heads * head_dim;
  const std::uint64_t bias = biases ? 1 : 0;
  const std::uint64_t norm_weights = norm == NormKind::layernorm ? 2 * hidden : hidden;
  const std::uint64_t up_matrices = activation == ActivationKind::silu_gated ? 2 : 1;
  std::uint64_t layer = hidden * (q + 2 * kv) + bias * (q + 2 * kv);
  layer += q * hidden + bias * hidden;
  layer += up_matrices * (hidden * ffn + bias * ffn) + ffn * hidden + bias * hidden;
  layer += (parallel_branches ? 1 : 2) * norm_weights;
  if (qkv_biases) layer += q + 2 * kv;
  if (experts > 0)
    layer += (experts - 1) * (up_matrices + 1) * hidden * ffn + hidden * experts;  // and the router
  if (parallel_branches) layer += ffn + hidden;  // biases of its feed-forward block
  std::uint64_t embeddings = vocab * hidden * (tied_embeddings ? 1 : 2);
  if (position == PositionKind::learned) embeddings += (max_positions + token_types) * hidden;
  // Final norm, or bert's embedding norm; bloom has both, gpt-j a bias of its head.
  const std::uint64_t last =
      (position == PositionKind::alibi ? 2 : 1) * norm_weights + (parallel_branches ? vocab : 0);
  return checked_sum(checked_product({layers, layer}),
                     embeddings + last + (pooler ? hidden * hidden + hidden : 0));
}

std::uint64_t LlmSpec::active_parameters() const {
  if (experts == 0) return parameters();
  const std::uint64_t matrices = activation == ActivationKind::silu_gated ? 3 : 2;
  return parameters() - layers * (experts - experts_a_token) * matrices * hidden * ffn;
}

LlmSpec build_llm(const ConfigDocument& document) {
  const json& root = document.root();
  if (!root.is_object()) throw ConfigError(document.where(""), "expected the JSON object of a config.json");
  DimensionReader reader(document);
  LlmSpec spec;
  spec.name = document.path().stem().string();
  const std::string type = root.value("model_type", "");
  for (const char* key : {"num_experts", "n_routed_experts", "num_local_experts"}) {
    if (type == "mixtral" && std::string(key) == "num_local_experts") continue;
    if (root.contains(key) && !root[key].is_null()) {
      reader.fail(
          std::string("/") + key,
          std::string("'") + key + "': this kind of mixture of experts is not modelled yet; mixtral is");
    }
  }
  const bool llama_like =
      type == "llama" || type == "mistral" || type == "mixtral" || type == "qwen2" || type == "deci";
  const std::string activation = root.value("hidden_act", "silu");
  if (llama_like && activation != "silu") {
    reader.fail("/hidden_act", "'hidden_act' is '" + activation + "'; this model type is modelled with silu");
  }
  if (llama_like) {
    read_llama(reader, root, spec);
    spec.qkv_biases = type == "qwen2";
    if (type == "mixtral") {
      spec.experts = reader.required("num_local_experts");
      spec.experts_a_token = reader.required("num_experts_per_tok");
      if (spec.experts_a_token > spec.experts)
        reader.fail("/num_experts_per_tok", "a token cannot take more experts than there are");
    }
  } else if (type == "opt") {
    read_opt(reader, spec);
  } else if (type == "bloom") {
    read_bloom(reader, root, spec);
  } else if (type == "gptj") {
    read_gptj(reader, spec);
  } else if (type == "gpt2") {
    read_gpt2(reader, root, spec);
  } else if (type == "bert") {
    read_bert(reader, spec);
  } else {
    const std::vector<std::string> known = {"llama", "mistral", "mixtral", "qwen2", "deci",
                                            "opt",   "bloom",   "gptj",    "gpt2",  "bert"};
    throw ConfigError(
        document.where("/model_type"),
        "'model_type' is '" + type +
            "'; expected one of llama, mistral, mixtral, qwen2, deci, opt, bloom, gptj, gpt2, bert" +
            did_you_mean(type, known));
  }
  if (reader.errors.empty()) {
    if (spec.heads * spec.head_dim != spec.hidden && !root.contains("head_dim")) {
      reader.fail("", "hidden size " + std::to_string(spec.hidden) + " is not a multiple of the " +
                          std::to_string(spec.heads) + " attention heads");
    }
    if (spec.heads % spec.kv_heads != 0) {
      reader.fail("/num_key_value_heads", std::to_string(spec.heads) + " attention heads cannot share " +
                                              std::to_string(spec.kv_heads) + " key/value heads evenly");
    }
  }
  if (!reader.errors.empty()) throw ConfigError(reader.errors);
  return spec;
}

LlmSpec load_llm(const std::filesystem::path& path) {
  return build_llm(ConfigDocument::load(path));
}

LlmSpec load_llm_named(const std::string& name) {
  return load_llm(find_model_file(name));
}

}  // namespace orrery
