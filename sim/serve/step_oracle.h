#pragma once
// What a step costs, composed from what the machine simulated: operators that depend on the step's tokens
// alone, those of the scored positions, attention (and whatever else goes sequence by sequence) of decoding
// sequences and of prompts. Each part is simulated at few sizes, as part of a whole step, and is a straight
// line between them; whole() simulates a step as it is, and a test compares.

#include <cstdint>
#include <memory>
#include <vector>

#include "sim/engine/operator_runner.h"
#include "sim/serve/step_cost.h"
#include "sim/stats/tally.h"
#include "sim/workload/llm_spec.h"
#include "sim/workload/step.h"
#include "sim/workload/transformer_graph.h"

namespace orrery {

class StepOracle : public StepCosts {
 public:
  // Of one replica of `llm`; what is referred to must outlive it. Throws ConfigError.
  StepOracle(const LlmSpec& llm, const NumberFormats& formats, const Parallelism& split,
             const ExecutionSpec& execution, OperatorRunner& runner);
  ~StepOracle() override;
  StepOracle(const StepOracle&) = delete;
  StepOracle& operator=(const StepOracle&) = delete;

  StagedCost cost(const StepLoad& load) override;
  StagedCost cost(const std::vector<StepLoad>& ranks) override;
  // Simulated as it stands.
  StagedCost whole(const Step& step);

  std::uint64_t simulated_sizes() const;  // that the lines go through

 private:
  class Stage;
  std::vector<std::unique_ptr<Stage>> stages_;

  template <class OfStage>
  StagedCost through_stages(OfStage of_stage);
};

}  // namespace orrery
