#pragma once
// Builds the operator graph of a prefill and of a decode step, for one device of a tensor-parallel group.

#include "sim/config/arch_spec.h"
#include "sim/workload/llm_spec.h"
#include "sim/workload/operator.h"

namespace orrery {

struct Scenario {
  std::uint64_t batch = 1;
  std::uint64_t input = 1024;  // prompt tokens a sequence
  std::uint64_t output = 128;  // tokens generated a sequence (1 = the prefill's own)
  DType dtype = DType::fp16;
  std::uint32_t tensor_parallel = 1;
};

// Throws ConfigError when the model cannot be split over the scenario's devices or asked for these lengths.
void check_scenario(const LlmSpec& llm, const Scenario& scenario);

// All prompt tokens at once.
OperatorGraph build_prefill(const LlmSpec& llm, const Scenario& scenario, const ExecutionSpec& execution);

// One token a sequence when `context` tokens, the new one included, are cached.
OperatorGraph build_decode_step(const LlmSpec& llm, const Scenario& scenario, const ExecutionSpec& execution,
                                std::uint64_t context);

// Bytes one device holds: its share of the weights and the KV cache at the longest context.
struct MemoryNeed {
  std::uint64_t weights = 0;
  std::uint64_t kv_cache = 0;
  std::uint64_t activations = 0;  // the largest operator's inputs and outputs that are not weights or cache
  std::uint64_t total() const { return weights + kv_cache + activations; }
};
MemoryNeed memory_need(const LlmSpec& llm, const Scenario& scenario);

}  // namespace orrery
