#pragma once
// Memory that a model's inference takes on one device.

#include "sim/workload/transformer_graph.h"

namespace orrery {

// Bytes one device holds.
struct MemoryNeed {
  std::uint64_t weights = 0;      // its share
  std::uint64_t kv_cache = 0;     // of all sequences at their longest
  std::uint64_t activations = 0;  // the largest operator's inputs and outputs that are not weights or cache
  std::uint64_t total() const { return weights + kv_cache + activations; }
};

// Throws ConfigError where a size is beyond 2^64.
MemoryNeed memory_need(const LlmSpec& llm, const Scenario& scenario);

}  // namespace orrery
