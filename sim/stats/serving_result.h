#pragma once
// What serving requests came to, as people get it: plain values, SI units. sim/report prints them.

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "sim/stats/expected_error.h"
#include "sim/stats/figure.h"
#include "sim/stats/run_result.h"
#include "sim/stats/time_split.h"

namespace orrery {

// Of one quantity over all requests (or gaps between tokens); none where there are none.
struct RequestSpread {
  std::optional<Figure> mean, p50, p90, p99;
};

// A stretch of time: means over it.
struct ServingStretch {
  Figure from_s = 0, to_s = 0;
  Figure waiting = 0, running = 0;  // requests
  Figure kv_share = 0;              // of the blocks, used
  Figure power_w = 0;               // of all boards
};

struct SchedulerFigures {
  std::string policy;
  std::uint64_t token_budget = 0, sequences = 0;
  std::uint32_t block_tokens = 0;
  bool chunked_prefill = false, prefix_cache = false, ahead = false;
  std::uint64_t graph_sizes = 0;
};

struct KvFigures {
  std::uint64_t blocks = 0, block_tokens = 0;  // of a replica's rank
  Figure mean_share = 0, peak_share = 0;       // used
  std::uint64_t host_blocks = 0;               // of as much, in the host's memory
  Figure stored = 0, loaded = 0;               // to the host's memory and back
};

struct StepFigures {
  std::uint64_t count = 0;
  Figure mean_s = 0;
  Figure kept_tokens = 0;                          // of a decoding sequence and step
  Figure decoding = 0, prompt_tokens = 0;          // of a step, mean
  std::uint64_t simulated_sizes = 0, checked = 0;  // sizes that steps are composed of; steps simulated whole
  Figure interpolation_error = 0;  // largest relative deviation of those from what was composed
};

struct SaturationFigures {
  bool saturated = false;
  Figure queue_growth_per_s = 0;  // requests that wait, more each second
};

struct ServingResult {
  std::string arch, prefill_arch, model, dtype, weights, kv, fidelity, runtime, node;
  std::uint32_t devices = 1, replicas = 1, prefill_replicas = 0;
  DivisionFigures division;
  std::string router;
  SchedulerFigures scheduler;
  std::string load;  // in words
  std::uint64_t requests = 0, finished = 0, refused = 0;
  std::string why_refused;
  Figure duration_s = 0;
  RequestSpread ttft, tpot, itl, e2e, queued;
  Figure requests_per_s = 0, output_tokens_per_s = 0, total_tokens_per_s = 0, goodput_requests_per_s = 0;
  Figure good_share = 0;
  Figure input_tokens = 0, output_tokens = 0;  // of a request, mean
  Figure prompt_share = 0;                     // of the time, spent on prompts
  Joules energy, energy_per_token;
  Figure average_power_w = 0;
  std::optional<Figure> area_mm2;
  PriceFigures price;
  KvFigures kv_blocks;
  std::uint64_t preemptions = 0;
  Figure prefix_hit_rate = 0;
  std::string binding;
  SaturationFigures saturation;
  std::optional<Figure> highest_rate_per_s;  // that keeps the targets, where it was looked for
  std::string targets;                       // in words; "" = none
  TimeSplitSeconds time;
  StepFigures steps;
  std::vector<ServingStretch> over_time;
  MemoryFigures memory;
  ExpectedError expected, expected_power, expected_energy;  // of the latencies and the others
  RunInfo info;
};

}  // namespace orrery
