#pragma once
// One training iteration on one machine: forward, backward and optimizer, over the stages of a pipeline.

#include <functional>

#include "sim/config/runtime_spec.h"
#include "sim/engine/operator_runner.h"
#include "sim/stats/training_result.h"
#include "sim/train/training_plan.h"
#include "sim/workload/llm_spec.h"

namespace orrery {

// `told(stage, stages)`: as chunks of layers are done. Throws ConfigError: a plan that does not divide, that
// does not fit the machine's memory, an operator whose gradient is not modelled.
TrainingResult run_training(const LlmSpec& llm, const TrainingPlan& plan, OperatorRunner& runner,
                            const RuntimeSpec& runtime,
                            const std::function<void(std::uint64_t, std::uint64_t)>& told);

}  // namespace orrery
