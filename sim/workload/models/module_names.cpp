#include "sim/workload/models/module_names.h"

#include <re2/re2.h>

#include <algorithm>
#include <array>

namespace orrery {
namespace {

constexpr std::array<const char*, 4> kLayerPrefixes = {"model.layers.", "model.language_model.layers.",
                                                       "language_model.model.layers.", "backbone.layers."};

using Names = std::vector<const char*>;

const Names& modules_in_layer(TensorGroup group) {
  static const std::array<Names, kTensorGroups> kModules = {{
      {"self_attn.q_proj", "self_attn.qkv_proj", "self_attn.q_a_proj", "self_attn.kv_a_proj_with_mqa",
       "self_attn.kv_b_proj", "attention.wqkv", "attn.c_attn", "mixer.q_proj", "attention.q_proj"},
      {"mamba.in_proj", "mixer.in_proj", "linear_attn.in_proj_qkvz", "linear_attn.in_proj_qkv",
       "linear_attn.q_proj", "conv.in_proj"},
      {"mlp.gate_proj", "mlp.gate_up_proj", "mlp.up_proj", "feed_forward.gate_proj", "feed_forward.w1",
       "mixer.up_proj", "mlp.c_fc"},
      {"mlp.experts.0.gate_proj", "mlp.experts.gate_up_proj", "mlp.experts.0.up_proj",
       "block_sparse_moe.experts.0.w1", "feed_forward.experts.0.gate_proj",
       "feed_forward.experts.gate_up_proj", "mixer.experts.0.up_proj"},
      {"mlp.shared_experts.gate_proj", "mlp.shared_expert.gate_proj", "mlp.shared_experts.gate_up_proj",
       "feed_forward.shared_expert.gate_proj", "shared_mlp.input_linear", "mixer.shared_experts.up_proj"},
      {"mlp.gate", "mlp.router", "block_sparse_moe.gate", "feed_forward.router", "mixer.gate",
       "block_sparse_moe.router"},
      {"model.embed_tokens", "model.language_model.embed_tokens", "backbone.embeddings", "embed_tokens"},
      {"lm_head", "language_model.lm_head"},
  }};
  return kModules[static_cast<std::size_t>(group)];
}

}  // namespace

struct ModulePattern::Compiled {
  re2::RE2 expression;
};

ModulePattern::ModulePattern(const std::string& text) : text_(text) {
  const bool expression = text.compare(0, 3, "re:") == 0;
  if (!expression && text.find('*') == std::string::npos) {
    while (!text_.empty() && text_.back() == '.') text_.pop_back();
    return;
  }
  std::string pattern = expression ? text.substr(3) : "";
  if (!expression) {
    for (const char c : text) pattern += c == '*' ? ".*" : re2::RE2::QuoteMeta(std::string(1, c));
    pattern += "(\\..*)?";  // and what lies in it
  }
  re2::RE2::Options quiet;
  quiet.set_log_errors(false);
  quiet.set_max_mem(1 << 20);
  compiled_ = std::unique_ptr<Compiled>(new Compiled{re2::RE2(pattern, quiet)});
}
ModulePattern::~ModulePattern() = default;
ModulePattern::ModulePattern(ModulePattern&& other) noexcept = default;
ModulePattern& ModulePattern::operator=(ModulePattern&& other) noexcept = default;

bool ModulePattern::understood() const {
  return !compiled_ || compiled_->expression.ok();
}

bool ModulePattern::matches(const std::string& name) const {
  if (!compiled_) return !text_.empty() && ("." + name + ".").find("." + text_ + ".") != std::string::npos;
  return compiled_->expression.ok() && re2::RE2::FullMatch(name, compiled_->expression);
}

std::optional<std::int64_t> ModulePattern::layer() const {
  const std::string before = "layers.";
  const std::size_t at = compiled_ ? std::string::npos : text_.find(before);
  if (at == std::string::npos) return std::nullopt;
  const std::size_t first = at + before.size();
  std::size_t end = first;
  while (end < text_.size() && text_[end] >= '0' && text_[end] <= '9') ++end;
  constexpr std::size_t kMostDigits = 6;
  if (end == first || end - first > kMostDigits) return std::nullopt;
  return std::stoll(text_.substr(first, end - first));
}

std::vector<std::string> modules_of(TensorGroup group, std::int64_t layer) {
  std::vector<std::string> all;
  for (const char* module : modules_in_layer(group)) {
    if (layer < 0) {
      all.emplace_back(module);
      continue;
    }
    for (const char* prefix : kLayerPrefixes) all.push_back(prefix + std::to_string(layer) + "." + module);
  }
  return all;
}

bool names_any(const ModulePattern& pattern, const std::vector<std::string>& modules) {
  return std::any_of(modules.begin(), modules.end(),
                     [&pattern](const std::string& name) { return pattern.matches(name); });
}

bool of_no_group(const std::string& pattern) {
  const auto has = [&pattern](const char* part) { return pattern.find(part) != std::string::npos; };
  // Towers and their projectors, norms, parts of a group whose first product speaks for all of it, routers.
  constexpr std::array<const char*, 31> kKnown = {
      "vis",       "image",     "audio",    "multi_modal", "mtp",    "eh_proj", "norm",    "merger",
      "connector", "o_proj",    "out_proj", "down_proj",   "k_proj", "v_proj",  "indexer", "w2",
      "w3",        "conv",      "kv_a",     "q_b",         "gate",   "router",  "up_proj", "correction",
      "kv_b",      "projector", "x_proj",   "dt_proj",     "wo",     "c_proj",  "nextn"};
  if (std::any_of(kKnown.begin(), kKnown.end(), has)) return true;
  constexpr std::array<const char*, 7> kOfProducts = {"_proj", "expert", "attn",        "attention",
                                                      "mlp",   "w1",     "feed_forward"};
  return std::none_of(kOfProducts.begin(), kOfProducts.end(), has);
}

}  // namespace orrery
