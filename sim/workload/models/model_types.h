#pragma once
// The model types of config.json files, and who builds each from blocks.

#include "sim/workload/llm_spec.h"
#include "sim/workload/models/dimension_reader.h"

namespace orrery {

// Throws ConfigError.
LlmSpec build_model(const ConfigDocument& document);

// Of one family each; `type` is one of the family's. What is wrong is told to the reader.
LlmSpec build_llama(DimensionReader& reader, const std::string& type);
LlmSpec build_gpt2(DimensionReader& reader);
LlmSpec build_gptj(DimensionReader& reader);
LlmSpec build_opt(DimensionReader& reader);
LlmSpec build_bloom(DimensionReader& reader);
LlmSpec build_bert(DimensionReader& reader);

// Says so where heads that the file does not give a length of do not make up the model's width.
void check_heads(DimensionReader& reader, const AttentionBlock& attention, std::uint64_t hidden);

// Attention in which every head has keys and values of its own, and together they are as wide as the model;
// says so where they cannot.
AttentionBlock own_key_values(DimensionReader& reader, std::uint64_t heads, std::uint64_t hidden);

}  // namespace orrery
