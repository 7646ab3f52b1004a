#pragma once
// Steps of a known cost, in place of a machine.

#include <algorithm>

#include "sim/serve/serving_run.h"

namespace orrery::test {

// A step takes `step_s`, and `token_s` for each of its tokens.
class FixedCosts : public StepCosts {
 public:
  explicit FixedCosts(double step_s, double token_s = 0, double stages = 1)
      : step_s_(step_s), token_s_(token_s), stages_(stages) {}
  StagedCost cost(const StepLoad& load) override {
    StagedCost c;
    c.sum.seconds = step_s_ + token_s_ * static_cast<double>(load.tokens());
    c.sum.dynamic_j = 1;
    c.sum.split.add(TimeCategory::dram, c.sum.seconds);
    c.slowest_s = c.sum.seconds / stages_;
    return c;
  }
  StagedCost cost(const std::vector<StepLoad>& ranks) override {
    return cost(*std::max_element(ranks.begin(), ranks.end(), [](const StepLoad& a, const StepLoad& b) {
      return a.tokens() < b.tokens();
    }));
  }

 private:
  double step_s_, token_s_, stages_;
};

// One replica without prefix cache, graphs or steps ahead.
inline ServingSetup plain_setup(StepCosts& costs, std::uint64_t blocks = 100000) {
  ServingSetup setup;
  setup.serving.costs = &costs;
  setup.serving.spec.cache.blocks = blocks;
  setup.serving.spec.limits.prefix_cache = false;
  return setup;
}

inline ServingOutcome served(const ServingSetup& setup, const LoadSpec& load,
                             const RequestTargets& targets = {}, const ServingListeners& listeners = {}) {
  ServingRun run(setup);
  return run.run(*open_source(load), load, targets, listeners);
}

inline LoadSpec fixed_load(std::uint32_t input, std::uint32_t output, std::uint64_t requests) {
  LoadSpec load;
  load.input = LengthRange{input, input};
  load.output = LengthRange{output, output};
  load.requests = requests;
  return load;
}

}  // namespace orrery::test
