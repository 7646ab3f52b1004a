#pragma once
// A model in stages, each on devices of its own.

#include <vector>

#include "sim/workload/llm_spec.h"

namespace orrery {

// Layers of stage `stage` of `stages`: as even as it can be. What is left over goes to the stages before the
// last, which has the head (as vLLM deals them).
std::uint64_t layers_of_stage(std::uint64_t layers, std::uint32_t stage, std::uint32_t stages);

// Each with its layers; the first with the model's front, the last with its head. Throws ConfigError: more
// stages than layers, a model with an encoder beside its decoder.
std::vector<LlmSpec> pipeline_stages(const LlmSpec& llm, std::uint32_t stages);

}  // namespace orrery
