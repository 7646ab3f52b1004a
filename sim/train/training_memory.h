#pragma once
// Memory that training takes on one device.

#include <vector>

#include "sim/stats/training_result.h"
#include "sim/train/training_plan.h"
#include "sim/workload/llm_spec.h"

namespace orrery {

// Parameters on a device of a stage; experts' have replicas of their own.
struct StageParameters {
  std::uint64_t all = 0, experts = 0;
  std::uint64_t dense() const { return all - experts; }
  // Of what replicas share from this level of ZeRO on: all, or a device's part.
  std::uint64_t kept(const TrainingPlan& plan, std::uint32_t zero) const;
};
StageParameters stage_parameters(const LlmSpec& stage, const TrainingPlan& plan);
// Replicas of the experts on a device.
std::uint64_t expert_replicas(const Parallelism& split);

// Bytes of activations that a graph's backward pass reads: of each micro-batch under way, and of the one
// whose backward pass runs (a layer that is computed again, what lies outside the layers).
struct KeptActivations {
  std::uint64_t each = 0, once = 0;
};
KeptActivations kept_activations(const OperatorGraph& forward, Recompute recompute);
// Operators of attention that selective recomputation repeats.
OperatorGraph attention_core(const OperatorGraph& graph);

// Of device `device` of the pipeline: `chunks` are its layers, `kept` what each keeps of a micro-batch.
TrainingMemory training_memory(const TrainingPlan& plan, std::uint32_t device,
                               const std::vector<StageParameters>& chunks,
                               const std::vector<KeptActivations>& kept);

}  // namespace orrery
