#include "sim/serve/steady_state.h"

#include <algorithm>
#include <cmath>

namespace orrery {

SteadyState steady_state(const Deployment& d, StepCosts& costs, double input, double output,
                         const RequestTargets& targets) {
  const ReplicaSpec& spec = d.replica;
  const auto step_s = [&](const StepLoad& load, double sequences) {
    const StagedCost cost = costs.cost(load);
    return cost.slowest_s + spec.kernel_gap_s * cost.sum.kernels / spec.stages + spec.step_s +
           spec.sequence_s * sequences;
  };
  const auto length = static_cast<std::uint64_t>(std::max(1.0, std::round(input)));
  const std::uint64_t piece = std::min(length, spec.limits.token_budget);
  StepLoad prompt;
  prompt.prompts = {{piece, piece}};
  // Of a whole prompt, in pieces where it is longer than a step.
  const double prompt_s = step_s(prompt, 1) * static_cast<double>(length) / static_cast<double>(piece);
  const KvBlocks cache(spec.cache, false);
  const std::uint64_t each = cache.blocks_for(length + static_cast<std::uint64_t>(output));
  const double fit = std::min<double>(static_cast<double>(spec.limits.sequences),
                                      static_cast<double>(cache.total() / std::max<std::uint64_t>(1, each)));
  const std::uint64_t context = length + static_cast<std::uint64_t>(output / 2);
  SteadyState best;
  for (double n = 1; n <= fit; n = std::max(n + 1, std::floor(1.25 * n))) {
    StepLoad load;
    load.decoding = static_cast<std::uint64_t>(n);
    load.decoding_context = load.decoding * context;
    const double decode_s = step_s(load, n);
    // While a sequence writes, each of the others begins once.
    const double tpot = decode_s + n * prompt_s / std::max(1.0, output);
    const double ttft = prompt_s + (spec.limits.ahead ? 1.5 : 0.5) * tpot;
    const double e2e = ttft + tpot * std::max(0.0, output - 1);
    const bool kept = (targets.ttft_s <= 0 || ttft <= targets.ttft_s) &&
                      (targets.tpot_s <= 0 || tpot <= targets.tpot_s) &&
                      (targets.e2e_s <= 0 || e2e <= targets.e2e_s);
    if (!kept) break;
    const double rate = n / e2e * spec.ranks;
    const double prompts = prompt_s / (prompt_s + decode_s * output / n);
    if (rate > best.requests_per_s) best = {rate, n, ttft, tpot, prompts};
  }
  return best;
}

}  // namespace orrery
