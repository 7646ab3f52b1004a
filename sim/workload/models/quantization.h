#pragma once
// What a model's file says of its number formats: quantization_config of a config.json (fp8, awq, gptq,
// compressed-tensors, mxfp4, modelopt, bitsandbytes). What is not understood is refused by its key.

#include "sim/workload/llm_spec.h"
#include "sim/workload/models/fact_reader.h"

namespace orrery {

// Fills in the model's formats, layer by layer where the file names some layers. What is wrong is told to the
// reader.
void read_quantization(FactReader& reader, LlmSpec& spec);

}  // namespace orrery
