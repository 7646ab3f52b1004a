#pragma once
// Requests as a part of a configuration: what a sweep may vary of a load, its targets and how it is
// scheduled.

#include "sim/config/open_document.h"
#include "sim/study/serve_request.h"

namespace orrery {

struct ServingPart {
  std::string trace;
  std::optional<std::uint64_t> input, output;  // tokens
  double rate = 0, think_s = 0, cv = 1;
  ArrivalProcess arrivals = ArrivalProcess::poisson;
  std::uint64_t concurrency = 0, offline = 0, requests = 0, seed = 1;
  bool shuffle = false;
  std::uint64_t distinct_prompts = 0;
  std::uint32_t shared_prefix = 0;
  double ttft_s = 0, tpot_s = 0, e2e_s = 0;  // targets; 0 = any
  double good_share = 0.9;
  std::uint32_t replicas = 1, prefill_replicas = 0;
  std::optional<double> kv_link_gb_per_s, handover_us;
  RouterKind router = RouterKind::round_robin;
  std::optional<SchedulerPolicy> policy;
  std::optional<std::uint64_t> token_budget, max_sequences, kv_blocks, block_tokens;
  std::optional<double> memory_share;
  double host_kv_gb = 0, host_link_gb_per_s = 0;
  std::optional<bool> chunked_prefill, prefix_cache, ahead;
  std::uint32_t draft_tokens = 0;
  std::vector<double> acceptance;
  std::string draft;
};
template <>
const Table& table_of<ServingPart>();

// Who guesses: "ngram" (free), "layer" or "" (a layer of the model and its head), or a model's name.
// `acceptance`: of one number its powers. Throws ConfigError.
Guessing guessing_of(std::uint32_t draft_tokens, std::vector<double> acceptance, const std::string& draft,
                     const LlmSpec& llm);

// Without a rate, users or a number at once, and without a trace, the highest rate is what is asked. Prompts
// and answers are of `input` and `output` tokens unless the part or its trace says otherwise. `prefilling` of
// the request names no machine: whose it is. Throws ConfigError: what contradicts itself.
ServeRequest serve_request_of(const ServingPart& part, const LlmSpec& llm, std::uint64_t input,
                              std::uint64_t output);

}  // namespace orrery
