#include "sim/workload/memory_need.h"

#include <algorithm>

#include "sim/util/checked.h"

namespace orrery {

MemoryNeed memory_need(const LlmSpec& llm, const Scenario& scenario) {
  const std::uint64_t tp = scenario.tensor_parallel;
  MemoryNeed need;
  need.weights = storage_bytes(weight_dtype(scenario.dtype), llm.parameters()) / tp;
  if (!llm.encoder_only) {
    const std::uint64_t context = scenario.input + scenario.output - 1;
    const std::uint64_t kv_share = std::max<std::uint64_t>(1, llm.kv_heads / tp);
    need.kv_cache = storage_bytes(
        scenario.dtype, checked_product({2, llm.layers, kv_share, llm.head_dim, context, scenario.batch}));
  }
  const std::uint64_t widest = std::max(2 * llm.ffn / tp, llm.hidden);
  need.activations =
      storage_bytes(scenario.dtype, checked_product({scenario.batch, scenario.input, llm.hidden + widest}));
  return need;
}

}  // namespace orrery
