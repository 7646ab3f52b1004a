#include "sim/workload/llm_spec.h"

#include <algorithm>

#include "sim/config/name_lookup.h"
#include "sim/workload/models/model_types.h"

namespace orrery {

std::vector<const LayerRun*> LlmSpec::runs() const {
  std::vector<const LayerRun*> all;
  if (encoder) {
    for (const LayerRun& run : encoder->layers) all.push_back(&run);
  }
  for (const LayerRun& run : layers) all.push_back(&run);
  return all;
}

std::uint64_t LlmSpec::layer_count() const {
  std::uint64_t sum = 0;
  for (const LayerRun& run : layers) sum += run.times;
  return sum;
}

void LlmSpec::keep_layers(std::uint64_t count) {
  std::vector<LayerRun> kept;
  for (LayerRun& run : layers) {
    run.times = std::min(run.times, count);
    count -= run.times;
    if (run.times > 0) kept.push_back(std::move(run));
  }
  layers = std::move(kept);
}

const AttentionBlock* LlmSpec::attention() const {
  const AttentionBlock* first = nullptr;
  for_each_mixer([&](const auto& block, std::uint64_t /*layers*/) {
    if constexpr (std::is_same_v<std::decay_t<decltype(block)>, AttentionBlock>) {
      if (first == nullptr) first = &block;
    }
  });
  return first;
}

LlmSpec build_llm(const ConfigDocument& document) {
  if (!document.root().is_object())
    throw ConfigError(document.where(""), "expected the JSON object of a config.json");
  return build_model(document);
}

ConfigDocument load_llm_document(const std::filesystem::path& path) {
  ConfigDocument document = ConfigDocument::load(path);
  const std::filesystem::path beside = path.parent_path() / "hf_quant_config.json";
  const nlohmann::json& root = document.root();
  if (path.filename() != "config.json" || !root.is_object() || root.contains("quantization_config") ||
      !std::filesystem::is_regular_file(beside))
    return document;
  const ConfigDocument said = ConfigDocument::load(beside);
  if (!said.root().is_object() || !said.root().contains("quantization") ||
      !said.root()["quantization"].is_object())
    throw ConfigError(said.where(""), "missing key 'quantization' (how the model beside it is stored)");
  nlohmann::json formats = said.root()["quantization"];
  formats["quant_method"] = "modelopt";
  document.set("/quantization_config", formats);
  return document;
}

LlmSpec load_llm(const std::filesystem::path& path) {
  return build_llm(load_llm_document(path));
}

LlmSpec load_llm_named(const std::string& name) {
  return load_llm(find_model_file(name));
}

}  // namespace orrery
