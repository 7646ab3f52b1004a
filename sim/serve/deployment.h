#pragma once
// A model on a machine as an engine sets it up to serve requests: limits, blocks of keys and values, how its
// devices divide it.

#include <optional>

#include "sim/config/runtime_spec.h"
#include "sim/serve/serving_run.h"
#include "sim/workload/memory_need.h"

namespace orrery {

// What is said in place of the engine's own.
struct ServingOverrides {
  std::optional<SchedulerPolicy> policy;
  std::optional<std::uint64_t> token_budget, sequences, kv_blocks, block_tokens;
  std::optional<double> memory_share;
  std::optional<bool> chunked_prefill, prefix_cache, ahead;
  double host_kv_bytes = 0, host_bytes_per_s = 0;  // of a device: host memory for keys and values, way there
  double draft_bytes = 0;                          // of a device: weights of a model that guesses
};

struct Deployment {
  Parallelism split;           // of a replica; data parallel only where its ranks share experts
  std::uint32_t replicas = 1;  // that data parallelism makes
  ExecutionSpec execution;
  ReplicaSpec replica;
  MemoryNeed memory;  // of a device: weights, activations of a full step, and the cache
  double kv_bytes_per_token = 0, kv_fixed_bytes = 0;  // of a sequence, on all devices
};

// Throws ConfigError: what does not fit, and what would.
Deployment deploy(const LlmSpec& llm, const Scenario& scenario, const ArchSpec& arch,
                  const RuntimeSpec& runtime, const ServingOverrides& overrides);

}  // namespace orrery
