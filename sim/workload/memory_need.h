#pragma once
// Memory that a model's inference takes on one device.

#include "sim/workload/transformer_graph.h"

namespace orrery {

// Bytes one device holds.
struct MemoryNeed {
  std::uint64_t weights = 0;   // its share
  std::uint64_t kv_cache = 0;  // of a replica's sequences at their longest, states included
  std::uint64_t activations =
      0;                     // of a step: its largest operator's inputs and outputs, weights and cache aside
  std::uint64_t stored = 0;  // of all weights, where a step reads some from storage
  std::uint64_t total() const { return weights + kv_cache + activations; }
};

// Of the stage that needs most. Throws ConfigError where a size is beyond 2^64, and where memory would not
// hold what nothing reads from storage. `execution`: whether memory holds all weights; `token_budget`: tokens
// a step of the prompts takes at most.
MemoryNeed memory_need(const LlmSpec& llm, const Scenario& scenario, const ExecutionSpec& execution,
                       std::uint64_t token_budget);

// Below, a model is what is all in one stage.
// Bytes of keys and values that a sequence of `context` tokens takes on one device; windows keep no more than
// themselves.
std::uint64_t kv_bytes(const LlmSpec& llm, const Scenario& scenario, std::uint64_t context);
// Bytes of what sparse attention keeps of each token beside keys and values, to choose among them.
std::uint64_t index_bytes_per_token(const LlmSpec& llm, const Scenario& scenario);

// Bytes of keys and values of a prompt's position that a decoder attends across to.
std::uint64_t source_bytes_per_token(const LlmSpec& llm, const Scenario& scenario);

// What a sequence leaves on one device in place of a cache, however long it is: of blocks with a state.
KeptState kept_state(const LlmSpec& llm, const Scenario& scenario);
// Keys and values of its first token, on the device with most of them.
std::uint64_t kv_bytes_per_token(const LlmSpec& llm, const Scenario& scenario);

}  // namespace orrery
