#include "sim/workload/models/model_types.h"

#include "sim/util/ends_with.h"
#include "sim/util/errors.h"
#include "sim/util/nearest_name.h"
#include "sim/workload/models/quantization.h"

namespace orrery {
namespace {

using Builder = LlmSpec (*)(FactReader& reader, const std::string& type);

struct ModelType {
  const char* name;
  Builder build;
};

constexpr ModelType kTypes[] = {{"llama", build_llama},
                                {"mistral", build_llama},
                                {"ministral3", build_llama},
                                {"qwen2", build_llama},
                                {"qwen2_vl", build_llama},
                                {"qwen2_5_vl", build_llama},
                                {"qwen3", build_llama},
                                {"qwen3_vl", build_llama},
                                {"deci", build_llama},
                                {"granite", build_llama},
                                {"internlm", build_llama},
                                {"internlm2", build_llama},
                                {"baichuan", build_llama},
                                {"exaone", build_llama},
                                {"seed_oss", build_llama},
                                {"smollm3", build_llama},
                                {"minicpm", build_llama},
                                {"mimo", build_llama},
                                {"ernie4_5", build_llama},
                                {"hunyuan_v1_dense", build_llama},
                                {"llava", build_llama},
                                {"nemotron-nas", build_nemotron_nas},
                                {"gemma", build_gemma},
                                {"gemma2", build_gemma},
                                {"gemma3_text", build_gemma},
                                {"gemma4", build_gemma4},
                                {"minimax_m3", build_mixture},
                                {"phi", build_phi},
                                {"phi-msft", build_phi},
                                {"mixformer-sequential", build_phi},
                                {"phi3", build_phi},
                                {"phi3_v", build_phi},
                                {"olmo2", build_olmo},
                                {"olmo3", build_olmo},
                                {"exaone4", build_olmo},
                                {"cohere", build_cohere},
                                {"cohere2", build_cohere},
                                {"chatglm", build_glm},
                                {"glm", build_glm},
                                {"glm4", build_glm},
                                {"qwen", build_qwen},
                                {"starcoder2", build_starcoder2},
                                {"stablelm", build_stablelm},
                                {"gpt2", build_gpt2},
                                {"gpt_bigcode", build_gpt2},
                                {"gptj", build_gptj},
                                {"codegen", build_gptj},
                                {"gpt_neox", build_neox},
                                {"opt", build_opt},
                                {"bloom", build_bloom},
                                {"mpt", build_mpt},
                                {"falcon", build_falcon},
                                {"bert", build_bert},
                                {"roberta", build_bert},
                                {"xlm-roberta", build_bert},
                                {"albert", build_albert},
                                {"vit", build_vit},
                                {"t5", build_t5},
                                {"switch_transformers", build_t5},
                                {"whisper", build_whisper},
                                {"m2m_100", build_m2m},
                                {"mllama_text_model", build_mllama},
                                {"minicpm3", build_mixture},
                                {"hunyuan_v1_moe", build_mixture},
                                {"hunyuan", build_mixture},
                                {"mixtral", build_mixture},
                                {"qwen2_moe", build_mixture},
                                {"qwen3_moe", build_mixture},
                                {"qwen3_vl_moe", build_mixture},
                                {"deepseek", build_mixture},
                                {"deepseek_v2", build_mixture},
                                {"deepseek_v3", build_mixture},
                                {"kimi_k2", build_mixture},
                                {"deepseek_v32", build_mixture},
                                {"glm_moe_dsa", build_mixture},
                                {"glm4_moe", build_mixture},
                                {"ernie4_5_moe", build_mixture},
                                {"granitemoe", build_mixture},
                                {"granitemoeshared", build_mixture},
                                {"phimoe", build_mixture},
                                {"minimax_m2", build_mixture},
                                {"olmoe", build_mixture},
                                {"dbrx", build_mixture},
                                {"gpt_oss", build_mixture},
                                {"llama4_text", build_mixture},
                                {"mamba", build_hybrid},
                                {"mamba2", build_hybrid},
                                {"jamba", build_hybrid},
                                {"nemotron_h", build_hybrid},
                                {"falcon_h1", build_hybrid},
                                {"granitemoehybrid", build_hybrid},
                                {"qwen3_next", build_hybrid},
                                {"qwen3_5", build_hybrid},
                                {"qwen3_5_moe", build_hybrid},
                                {"kimi_linear", build_hybrid},
                                {"lfm2", build_hybrid}};

std::vector<std::string> type_names() {
  std::vector<std::string> names;
  for (const ModelType& type : kTypes) names.emplace_back(type.name);
  return names;
}

const ModelType* type_named(const std::string& name) {
  for (const ModelType& type : kTypes) {
    if (name == type.name) return &type;
  }
  return nullptr;
}

// Whether a file says of any of these probabilities that it is not zero.
bool drops(FactReader& reader, std::initializer_list<const char*> keys) {
  bool any = false;
  for (const char* key : keys) {
    const nlohmann::json& p = reader.part(key);
    if (p.is_null()) continue;
    if (!p.is_number() || !(p.get<double>() >= 0 && p.get<double>() < 1)) {
      reader.fail(key, std::string("'") + key + "' is " + p.dump() + "; expected a probability");
    } else {
      any = any || p.get<double>() > 0;
    }
  }
  return any;
}

// The text model of a file that nests it, of whatever type the outer one is.
std::string text_type(FactReader& reader, const std::string& outer) {
  const char* inside = nullptr;
  for (const char* key : {"text_config", "language_config", "llm_config"}) {
    if (inside == nullptr && reader.has(key)) inside = key;
  }
  std::string inner = outer;
  if (inside != nullptr) {
    reader.enter(inside);
    inner = reader.word("model_type", outer);
  }
  const std::string suffix = "_text";
  if (type_named(inner) == nullptr && ends_with(inner, suffix)) inner.erase(inner.size() - suffix.size());
  return inner;
}

}  // namespace

LlmSpec build_model(const ConfigDocument& document) {
  FactReader reader(document);
  const std::string outer = reader.word("model_type", "");
  const std::string type = text_type(reader, outer);
  reader.finish();
  const ModelType* known = type_named(type);
  if (known == nullptr) {
    const std::vector<std::string> names = type_names();
    std::string all;
    for (const std::string& name : names) all += (all.empty() ? "" : ", ") + name;
    throw ConfigError(
        document.where(reader.pointer("model_type")),
        type.empty() ? "missing key 'model_type' (which kind of model this is); one of " + all
                     : "'model_type' is '" + type + "'; expected one of " + all + did_you_mean(type, names));
  }
  LlmSpec spec = is_draft(reader) ? build_eagle3(reader, type) : known->build(reader, type);
  if (reader.good()) read_quantization(reader, spec);
  if (reader.good()) reader.refuse_unread(outer);
  reader.finish();
  spec.dropout = {drops(reader, {"attention_dropout", "attn_pdrop", "attention_probs_dropout_prob"}),
                  drops(reader, {"resid_pdrop", "hidden_dropout", "hidden_dropout_prob", "dropout"})};
  reader.finish();
  spec.omitted.insert(spec.omitted.end(), reader.omitted().begin(), reader.omitted().end());
  for (const char* key : {"num_nextn_predict_layers", "num_mtp_modules"}) {
    if (const nlohmann::json& layers = reader.part(key); layers.is_number_integer() && layers > 0)
      spec.omitted.emplace_back(key);
  }
  spec.name = document.path().stem().string();
  if (spec.name == "config")
    spec.name = std::filesystem::absolute(document.path()).parent_path().filename().string();
  return spec;
}

}  // namespace orrery
