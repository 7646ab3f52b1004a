#pragma once
// A transformer language model, from the facts of a Hugging Face config.json (keys of the llama, mistral,
// mixtral, qwen2, deci, opt, bloom, gptj, gpt2 and bert model types). Only dimensions are read; no weights.

#include <cstdint>
#include <filesystem>
#include <string>

#include "sim/config/config_document.h"

namespace orrery {

enum class NormKind : std::uint8_t { rmsnorm, layernorm };
enum class ActivationKind : std::uint8_t { silu_gated, gelu };
enum class PositionKind : std::uint8_t { rotary, learned, alibi };

struct LlmSpec {
  std::string name;
  std::uint64_t hidden = 0;
  std::uint64_t layers = 0;
  std::uint64_t heads = 0;
  std::uint64_t kv_heads = 0;
  std::uint64_t head_dim = 0;
  std::uint64_t ffn = 0;
  std::uint64_t vocab = 0;
  std::uint64_t max_positions = 0;
  std::uint64_t token_types = 0;  // bert
  bool tied_embeddings = false;
  bool biases = false;             // on every projection
  bool qkv_biases = false;         // on queries, keys and values only
  bool parallel_branches = false;  // attention and feed-forward from one norm, added together
  std::uint64_t experts = 0;       // feed-forward blocks a layer, of which a token takes:
  std::uint64_t experts_a_token = 0;
  bool encoder_only = false;  // no cache, no decode steps
  bool post_norm = false;     // norm after the residual
  bool pooler = false;        // bert's last dense layer
  NormKind norm = NormKind::rmsnorm;
  ActivationKind activation = ActivationKind::silu_gated;
  PositionKind position = PositionKind::rotary;

  // Exact number of weights, embeddings included.
  std::uint64_t parameters() const;
  // Of those, the weights that a token goes through: all but the experts it does not take.
  std::uint64_t active_parameters() const;
  // Elements of K and V a token adds, all layers.
  std::uint64_t kv_elements_per_token() const { return 2 * layers * kv_heads * head_dim; }
};

// Throws ConfigError: unreadable, a missing or impossible dimension, an unknown model_type.
LlmSpec load_llm(const std::filesystem::path& path);
LlmSpec build_llm(const ConfigDocument& document);

// By the NAME of the command line: a path or a name of traces/llms (case ignored).
LlmSpec load_llm_named(const std::string& name);

}  // namespace orrery
