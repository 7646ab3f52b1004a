#include "sim/workload/memory_need.h"

#include <algorithm>

#include "sim/util/checked.h"

namespace orrery {

MemoryNeed memory_need(const LlmSpec& llm, const Scenario& scenario, std::uint64_t token_budget) {
  const std::uint64_t tp = scenario.tensor_parallel;
  MemoryNeed need;
  need.weights = storage_bytes(weight_dtype(scenario.dtype), llm.parameters()) / tp;
  const std::uint64_t context = scenario.input + scenario.output - 1;
  need.kv_cache = checked_product({kv_bytes_per_token(llm, scenario), context, scenario.batch});
  // Prompts in pieces, unless attention reads both ways; a token of each sequence at the least.
  const std::uint64_t prompts = checked_product({scenario.batch, scenario.input});
  const std::uint64_t least = llm.encoder_only ? scenario.input : scenario.batch;
  const std::uint64_t tokens = std::max(least, std::min(prompts, token_budget));
  const std::uint64_t widest = std::max(2 * llm.ffn / tp, llm.hidden);
  need.activations = storage_bytes(scenario.dtype, checked_product({tokens, llm.hidden + widest}));
  return need;
}

std::uint64_t kv_bytes_per_token(const LlmSpec& llm, const Scenario& scenario) {
  if (llm.encoder_only) return 0;
  const std::uint64_t kv_share = std::max<std::uint64_t>(1, llm.kv_heads / scenario.tensor_parallel);
  return storage_bytes(scenario.dtype, checked_product({2, llm.layers, kv_share, llm.head_dim}));
}

}  // namespace orrery
