#pragma once
// What a step costs, composed from what a machine simulated (step_sizes.h). Each part is simulated at few
// sizes, as part of a whole step, and is a straight line between them; a test compares with whole steps.

#include <cstdint>
#include <memory>
#include <vector>

#include "sim/serve/step_sizes.h"

namespace orrery {

class StepOracle : public StepCosts {
 public:
  // `sizes` must outlive it.
  explicit StepOracle(StepSizes& sizes);
  ~StepOracle() override;
  StepOracle(const StepOracle&) = delete;
  StepOracle& operator=(const StepOracle&) = delete;

  StagedCost cost(const StepLoad& load) override;
  StagedCost cost(const std::vector<StepLoad>& ranks) override;

  std::uint64_t simulated_sizes() const;  // that the lines go through

 private:
  class Stage;
  StepSizes& sizes_;
  std::vector<std::unique_ptr<Stage>> stages_;

  StagedCost composed(const StepLoad& load);
  StagedCost composed(const std::vector<StepLoad>& ranks);

  template <class OfStage>
  StagedCost through_stages(OfStage of_stage);
};

}  // namespace orrery
