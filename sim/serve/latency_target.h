#pragma once
// The largest batch that keeps a time to first token and a time per output token, by simulation.

#include "sim/serve/inference.h"

namespace orrery {

struct LatencyTarget {
  double ttft_max_s = 0, tpot_max_s = 0;  // 0 = none
  std::uint64_t batch_max = 256;
  bool kept_by(const RunResult& r) const {
    return (ttft_max_s <= 0 || r.ttft_s <= ttft_max_s) &&
           (tpot_max_s <= 0 || r.tpot_s.value_or(0) <= tpot_max_s);
  }
};

// `scenario.batch` is ignored. Where not even one sequence keeps the target, the result of that one.
RunResult largest_batch(const LlmSpec& llm, Scenario scenario, OperatorRunner& runner,
                        const RuntimeSpec& runtime, const LatencyTarget& target, const Progress& progress);

}  // namespace orrery
