#include "sim/serve/steady_state.h"

#include <algorithm>
#include <cmath>

namespace orrery {

namespace {

// Steps of requests of these mean lengths.
class UsualSteps {
 public:
  UsualSteps(const Deployment& d, StepCosts& costs, double input, double output)
      : spec_(d.replica),
        costs_(costs),
        input_(static_cast<std::uint64_t>(std::max(1.0, std::round(input)))),
        output_(output) {}

  std::uint64_t input() const { return input_; }
  // That a pipeline's first stage takes: of a whole prompt, in pieces where it is longer than a step; and of
  // a step of one of the batches that are in flight, of so many sequences that decode in all.
  double prompt_s() const {
    const std::uint64_t piece = std::min(input_, spec_.limits.token_budget);
    StepLoad prompt;
    prompt.prompts = {{piece, piece}};
    return step_s(prompt, 1) * static_cast<double>(input_) / static_cast<double>(piece);
  }
  double decode_s(double sequences) const {
    const double batch = std::max(1.0, std::floor(sequences / stages()));
    StepLoad load;
    load.decoding = static_cast<std::uint64_t>(batch);
    load.decoding_context = load.decoding * (input_ + static_cast<std::uint64_t>(output_ / 2));
    return step_s(load, batch);
  }
  double stages() const { return spec_.stages; }
  // A token of each sequence takes all the stages.
  double prompt_share(double prompt_s, double decode_s, double sequences) const {
    return prompt_s / (prompt_s + stages() * decode_s * output_ / sequences);
  }

 private:
  const ReplicaSpec& spec_;
  StepCosts& costs_;
  std::uint64_t input_;
  double output_;

  double step_s(const StepLoad& load, double sequences) const {
    const StagedCost cost = costs_.cost(load);
    return cost.slowest_s + spec_.kernel_gap_s * cost.sum.kernels / spec_.stages + spec_.step_s +
           spec_.sequence_s * sequences;
  }
};

}  // namespace

SteadyState steady_state(const Deployment& d, StepCosts& costs, double input, double output,
                         const RequestTargets& targets) {
  const ReplicaSpec& spec = d.replica;
  const UsualSteps steps(d, costs, input, output);
  const double prompt_s = steps.prompt_s();
  const KvBlocks cache(spec.cache, false);
  const std::uint64_t each = cache.blocks_for(steps.input() + static_cast<std::uint64_t>(output));
  const double fit = std::min<double>(static_cast<double>(spec.limits.sequences),
                                      static_cast<double>(cache.total() / std::max<std::uint64_t>(1, each)));
  SteadyState best;
  for (double n = 1; n <= fit; n = std::max(n + 1, std::floor(1.25 * n))) {
    const double decode_s = steps.decode_s(n);
    // While a sequence writes, each of the others begins once.
    const double tpot = steps.stages() * decode_s + n * prompt_s / std::max(1.0, output);
    const double ttft = steps.stages() * prompt_s + (spec.limits.ahead ? 1.5 : 0.5) * tpot;
    const double e2e = ttft + tpot * std::max(0.0, output - 1);
    const bool kept = (targets.ttft_s <= 0 || ttft <= targets.ttft_s) &&
                      (targets.tpot_s <= 0 || tpot <= targets.tpot_s) &&
                      (targets.e2e_s <= 0 || e2e <= targets.e2e_s);
    if (!kept) break;
    const double rate = n / e2e * spec.ranks;
    const double prompts = steps.prompt_share(prompt_s, decode_s, n);
    if (rate > best.requests_per_s) best = {rate, n, ttft, tpot, prompts};
  }
  return best;
}

double prompt_share(const Deployment& d, StepCosts& costs, double input, double output, double decoding) {
  const UsualSteps steps(d, costs, input, output);
  const double sequences = std::max(1.0, std::round(decoding));
  return steps.prompt_share(steps.prompt_s(), steps.decode_s(sequences), sequences);
}

}  // namespace orrery
