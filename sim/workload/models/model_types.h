#pragma once
// The model types of config.json files, and who builds each from blocks.

#include "sim/workload/llm_spec.h"
#include "sim/workload/models/fact_reader.h"

namespace orrery {

// Throws ConfigError.
LlmSpec build_model(const ConfigDocument& document);

// Of one family each; `type` is one of the family's. What is wrong is told to the reader.
LlmSpec build_llama(FactReader& reader, const std::string& type);
LlmSpec build_nemotron_nas(FactReader& reader, const std::string& type);
LlmSpec build_gemma(FactReader& reader, const std::string& type);
LlmSpec build_gemma4(FactReader& reader, const std::string& type);
LlmSpec build_phi(FactReader& reader, const std::string& type);
LlmSpec build_olmo(FactReader& reader, const std::string& type);
LlmSpec build_cohere(FactReader& reader, const std::string& type);
LlmSpec build_glm(FactReader& reader, const std::string& type);
LlmSpec build_qwen(FactReader& reader, const std::string& type);
LlmSpec build_starcoder2(FactReader& reader, const std::string& type);
LlmSpec build_stablelm(FactReader& reader, const std::string& type);
LlmSpec build_gpt2(FactReader& reader, const std::string& type);
LlmSpec build_gptj(FactReader& reader, const std::string& type);
LlmSpec build_neox(FactReader& reader, const std::string& type);
LlmSpec build_opt(FactReader& reader, const std::string& type);
LlmSpec build_bloom(FactReader& reader, const std::string& type);
LlmSpec build_mpt(FactReader& reader, const std::string& type);
LlmSpec build_falcon(FactReader& reader, const std::string& type);
LlmSpec build_bert(FactReader& reader, const std::string& type);
LlmSpec build_albert(FactReader& reader, const std::string& type);
LlmSpec build_vit(FactReader& reader, const std::string& type);
LlmSpec build_t5(FactReader& reader, const std::string& type);
LlmSpec build_whisper(FactReader& reader, const std::string& type);
LlmSpec build_m2m(FactReader& reader, const std::string& type);
LlmSpec build_mllama(FactReader& reader, const std::string& type);
// A file of any type may be a draft's.
bool is_draft(FactReader& reader);
LlmSpec build_eagle3(FactReader& reader, const std::string& type);
LlmSpec build_mixture(FactReader& reader, const std::string& type);
LlmSpec build_hybrid(FactReader& reader, const std::string& type);

}  // namespace orrery
