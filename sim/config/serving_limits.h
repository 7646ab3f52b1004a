#pragma once
// How a serving engine schedules: its policy and limits, as they stand for one machine.

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "sim/util/enum_names.h"

namespace orrery {

// static_batches: a batch runs until its last sequence ends. prefill_first: prompts go before decoding, in
// steps of their own (vLLM V0 without chunks, SGLang). decode_first: a budget of tokens a step, decoding
// first, prompts in what is left (vLLM V1). no_evict: starts what can end at its greatest length
// (TensorRT-LLM); max_utilization: packs, and pauses where memory ends (TensorRT-LLM).
enum class SchedulerPolicy : std::uint8_t {
  static_batches,
  prefill_first,
  decode_first,
  reserving_prefill_first,
  no_evict,
  max_utilization
};
template <>
struct EnumNames<SchedulerPolicy> {
  static constexpr std::array<const char*, 6> kWords = {
      "static", "vllm_v0", "vllm_v1", "sglang", "trtllm_no_evict", "trtllm_max_utilization"};
};

// Tokens that a draft guesses for each decoding sequence and step, of which the model keeps a beginning.
struct Speculation {
  std::uint32_t drafts = 0;        // a step; 0 = none
  std::vector<double> acceptance;  // that as many tokens as the position says are kept: falls
  std::uint64_t seed = 1;
};

struct ServingLimits {
  SchedulerPolicy policy = SchedulerPolicy::decode_first;
  std::uint64_t token_budget = 8192;  // of a step
  std::uint64_t sequences = 256;      // at once
  std::uint32_t block_tokens = 16;    // of keys and values
  bool chunked_prefill = true;        // prompts may be cut
  bool prefix_cache = true;
  bool ahead = false;             // forms a step while the one before runs
  double watermark = 0;           // share of blocks that admission leaves free
  std::uint64_t graph_sizes = 0;  // largest batch of recorded graphs; 0 = none
  // SGLang's: what it reserves of the output of those that run.
  double reserve_first = 0.7, reserve_last = 0.098, reserve_steps = 600;
  std::uint64_t reserve_most = 4096;
  Speculation speculation;
};

// Limits that an engine takes by itself on machines of so much memory.
struct LimitsByMemory {
  double above_gib = 0;             // of a device
  std::vector<std::string> except;  // machines that the engine leaves out, by their names
  std::optional<std::uint64_t> token_budget, sequences, graph_sizes;
};

// As a software stack states them, machine aside.
struct ServingKeys : ServingLimits {
  std::vector<LimitsByMemory> by_memory;  // the first that fits a machine counts
  // Where tokens are guessed, in place of the usual ones.
  std::optional<std::uint64_t> guessing_sequences;
  std::optional<bool> guessing_ahead;
  bool budget_of_context = false;  // a whole prompt fits a step: where prompts are not cut
  double other_gib = 0;            // of a device: neither weights, activations nor cache
  double logit_bytes = 0;          // of the sampler, for a position and word of the vocabulary
  double request_us = 0;           // from a client to the scheduler and back: HTTP, tokeniser, detokeniser
  double handover_us = 0;          // from a machine for prompts to another one, beside the wire
  double prompt_token_us = 0;      // of that, a token of the prompt
  // On a machine of so much memory, by its name.
  ServingLimits on(const std::string& machine, double memory_gib) const;
};

}  // namespace orrery
