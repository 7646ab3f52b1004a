#pragma once
// A step in few numbers, and what it costs: what replicas ask, whoever answers.

#include <algorithm>
#include <cstdint>
#include <vector>

#include "sim/stats/time_split.h"
#include "sim/workload/step.h"

namespace orrery {

// Of one device.
struct StepCost {
  double seconds = 0;
  double dynamic_j = 0;    // beyond static power
  double kernels = 0;      // launched
  TimeSplitSeconds split;  // sums to seconds
  StepCost& operator+=(const StepCost& other) { return add(other, 1); }
  StepCost& add(const StepCost& other, double times);
};

// A piece of a prompt: `context` counts what lies before it and itself.
struct PromptPiece {
  std::uint64_t new_tokens = 0, context = 0;
};

// A step in few numbers.
struct StepLoad {
  std::uint64_t decoding = 0;          // sequences
  std::uint64_t decoding_context = 0;  // tokens that attention reads, of all of them together
  std::uint64_t verified = 1;          // new tokens of each: 1, or more of which a draft guessed the others
  std::vector<PromptPiece> prompts;
  std::uint64_t padding = 0;  // tokens beside them, that a recorded graph computes in vain

  std::uint64_t prompt_tokens() const;
  std::uint64_t tokens() const { return decoding * verified + prompt_tokens() + padding; }
  std::uint64_t scored() const { return decoding * verified + prompts.size() + padding; }
  bool empty() const { return decoding == 0 && prompts.empty(); }
  void clear();
  // The step itself, its decoding sequences alike.
  Step step() const;
};

// Of a step that goes through a pipeline's stages.
struct StagedCost {
  StepCost sum;          // of all stages
  double slowest_s = 0;  // stage
  void add(const StepCost& stage) {
    slowest_s = std::max(slowest_s, stage.seconds);
    sum += stage;
  }
};

class StepCosts {
 public:
  virtual ~StepCosts() = default;
  virtual StagedCost cost(const StepLoad& load) = 0;
  // Of ranks that step together, each with a batch of its own: all wait for the one with most tokens, and for
  // the one with most attention.
  virtual StagedCost cost(const std::vector<StepLoad>& ranks) = 0;
};

}  // namespace orrery
