#include "sim/workload/models/foreign_keys.h"

#include <algorithm>
#include <array>

namespace orrery {
namespace {

// Parts of names that speak of shape, bytes or work.
constexpr std::array<const char*, 52> kBears = {
    "layer",   "head",    "hidden", "size",  "dim",   "width",     "depth",  "num_",    "n_",
    "window",  "expert",  "moe",    "rank",  "kv",    "attention", "attn",   "block",   "mlp",
    "ffn",     "ff_",     "inter",  "quant", "lora",  "share",     "mtp",    "nextn",   "state",
    "conv",    "mamba",   "ssm",    "rnn",   "cache", "latent",    "vocab",  "pattern", "mixer",
    "group",   "sparse",  "index",  "sink",  "chunk", "adapter",   "prefix", "draft",   "cross",
    "encoder", "decoder", "norm",   "bias",  "act",   "gate",      "tie"};

// Names with such a part that change nothing of it: by the whole name ...
constexpr std::array<const char*, 66> kHarmless = {"use_cache",
                                                   "torch_dtype",
                                                   "pretraining_tp",
                                                   "initializer_range",
                                                   "output_hidden_states",
                                                   "output_attentions",
                                                   "is_encoder_decoder",
                                                   "is_decoder",
                                                   "num_labels",
                                                   "num_beams",
                                                   "num_beam_groups",
                                                   "num_return_sequences",
                                                   "original_max_position_embeddings",
                                                   "max_sequence_length",
                                                   "model_max_length",
                                                   "cache_implementation",
                                                   "attn_implementation",
                                                   "_attn_implementation",
                                                   "attention_softmax_in_fp32",
                                                   "scale_attention_softmax_in_fp32",
                                                   "scale_attn_weights",
                                                   "scale_attn_by_inverse_layer_idx",
                                                   "reorder_and_upcast_attn",
                                                   "query_pre_attn_scalar",
                                                   "attn_logit_softcapping",
                                                   "final_logit_softcapping",
                                                   "attention_multiplier",
                                                   "embedding_multiplier",
                                                   "residual_multiplier",
                                                   "mup_width_multiplier",
                                                   "dim_model_base",
                                                   "scale_depth",
                                                   "use_flash_attn",
                                                   "flash_attn",
                                                   "fused_dense",
                                                   "flash_rotary",
                                                   "fused_rotary",
                                                   "use_logn_attn",
                                                   "use_dynamic_ntk",
                                                   "apply_query_key_layer_scaling",
                                                   "attention_bias_in_fp32",
                                                   "chunk_size_feed_forward",
                                                   "output_router_logits",
                                                   "tie_encoder_decoder",
                                                   "problem_type",
                                                   "position_embedding_type",
                                                   "gradient_checkpointing",
                                                   "mask_token_index",
                                                   "layer_norm_epsilon",
                                                   "layer_norm_eps",
                                                   "n_ctx",
                                                   "is_llama_config",
                                                   "rotary_interleaved",
                                                   "num_attention_sinks_tokens",
                                                   "use_bidirectional_attention",
                                                   "disable_exllama",
                                                   "runner_max_sequence_length",
                                                   "bidirectional",
                                                   "activation_dropout",
                                                   "hidden_dropout",
                                                   "num_image_tokens",
                                                   "mm_tokens_per_image",
                                                   "prefill_chunk_size",
                                                   "context_window_size",
                                                   "tensor_parallel_shards",
                                                   "max_batch_size"};
// ... or by a part of it.
constexpr std::array<const char*, 27> kHarmlessParts = {
    "_eps",           "epsilon",     "dropout",
    "pdrop",          "rope_",       "rotary",
    "token_id",       "token_index", "_loss",
    "aux_",           "jitter",      "init_",
    "_init",          "std",         "logit_scale",
    "logits_scaling", "beam",        "summary_",
    "softcap",        "alibi_",      "vision",
    "image",          "mm_",         "audio",
    "gradient",       "tokenizer",   "_attn_implementation"};

template <std::size_t N>
bool has_one_of(const std::string& key, const std::array<const char*, N>& parts) {
  return std::any_of(parts.begin(), parts.end(),
                     [&key](const char* part) { return key.find(part) != std::string::npos; });
}

}  // namespace

bool says_nothing(const nlohmann::json& value) {
  return value.is_null() || value == false || value == 0 || value == "" ||
         (value.is_structured() && value.empty());
}

bool bears_on_work(const std::string& key) {
  if (std::find(kHarmless.begin(), kHarmless.end(), key) != kHarmless.end()) return false;
  return has_one_of(key, kBears) && !has_one_of(key, kHarmlessParts);
}

}  // namespace orrery
