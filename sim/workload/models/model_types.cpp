#include "sim/workload/models/model_types.h"

#include "sim/util/errors.h"
#include "sim/util/nearest_name.h"

namespace orrery {
namespace {

using Builder = LlmSpec (*)(DimensionReader& reader, const std::string& type);

template <LlmSpec (*build)(DimensionReader&)>
LlmSpec only(DimensionReader& reader, const std::string& /*type*/) {
  return build(reader);
}

struct ModelType {
  const char* name;
  Builder build;
};

constexpr ModelType kTypes[] = {{"llama", build_llama},       {"mistral", build_llama},
                                {"mixtral", build_llama},     {"qwen2", build_llama},
                                {"deci", build_llama},        {"opt", only<build_opt>},
                                {"bloom", only<build_bloom>}, {"gptj", only<build_gptj>},
                                {"gpt2", only<build_gpt2>},   {"bert", only<build_bert>}};

std::vector<std::string> type_names() {
  std::vector<std::string> names;
  for (const ModelType& type : kTypes) names.emplace_back(type.name);
  return names;
}

// Mixtures of other types would pass for dense models.
void refuse_other_mixtures(DimensionReader& reader, const std::string& type) {
  for (const char* key : {"num_experts", "n_routed_experts", "num_local_experts"}) {
    if (type == "mixtral" && std::string(key) == "num_local_experts") continue;
    if (reader.has(key)) {
      reader.fail(
          std::string("/") + key,
          std::string("'") + key + "': this kind of mixture of experts is not modelled yet; mixtral is");
    }
  }
}

}  // namespace

void check_heads(DimensionReader& reader, const AttentionBlock& attention, std::uint64_t hidden) {
  if (!reader.good() || attention.heads * attention.head_dim == hidden) return;
  reader.fail("", "hidden size " + std::to_string(hidden) + " is not a multiple of the " +
                      std::to_string(attention.heads) + " attention heads");
}

AttentionBlock own_key_values(DimensionReader& reader, std::uint64_t heads, std::uint64_t hidden) {
  AttentionBlock block;
  block.heads = block.kv_heads = heads;
  block.head_dim = heads > 0 ? hidden / heads : 0;
  check_heads(reader, block, hidden);
  return block;
}

LlmSpec build_model(const ConfigDocument& document) {
  DimensionReader reader(document);
  const std::string type = reader.word("model_type", "");
  reader.finish();
  for (const ModelType& known : kTypes) {
    if (type != known.name) continue;
    refuse_other_mixtures(reader, type);
    LlmSpec spec = known.build(reader, type);
    reader.finish();
    spec.name = document.path().stem().string();
    return spec;
  }
  const std::vector<std::string> known = type_names();
  std::string all;
  for (const std::string& name : known) all += (all.empty() ? "" : ", ") + name;
  throw ConfigError(document.where("/model_type"),
                    "'model_type' is '" + type + "'; expected one of " + all + did_you_mean(type, known));
}

}  // namespace orrery
