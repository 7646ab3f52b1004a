#pragma once
// How a model is divided over devices. Devices are numbered with those of a tensor-parallel group side by
// side, then those that share a sequence, then replicas, then pipeline stages.

#include <cstdint>
#include <optional>
#include <string>
#include <utility>

#include "sim/operators/collective_operation.h"
#include "sim/workload/expert_load.h"

namespace orrery {

struct Parallelism {
  std::uint32_t tensor = 1;    // heads and columns of each layer
  std::uint32_t context = 1;   // positions of a sequence
  std::uint32_t data = 1;      // sequences: replicas of all but experts
  std::uint32_t pipeline = 1;  // layers
  // A mixture's experts: over a tensor-parallel group's devices, which are many times as many or else all
  // taken; then over those of replicas.
  std::uint32_t expert = 1;
  std::uint32_t micro_batches =
      0;  // that a step's batch flows through the pipeline in; 0 = as many as stages
  ExpertLoad expert_load = {};

  std::uint32_t devices() const { return tensor * context * data * pipeline; }
  // What a replica's sequences are cut into, at most.
  std::uint32_t pieces() const { return micro_batches > 0 ? micro_batches : pipeline; }
  // Devices of a tensor-parallel group that share an expert.
  std::uint32_t expert_tensor() const { return expert < tensor ? tensor / expert : 1; }
  // Experts live on other replicas' devices too, so that tokens travel to them.
  bool experts_across_replicas() const { return expert > tensor; }
  // Replicas whose tokens meet in the experts.
  std::uint32_t expert_replicas() const { return experts_across_replicas() ? expert / tensor : 1; }

  DeviceGroup tensor_group() const { return {tensor}; }
  DeviceGroup context_group() const { return {context, tensor}; }
  DeviceGroup data_group() const { return {data, tensor * context}; }
  DeviceGroup expert_group() const { return {expert}; }
  DeviceGroup next_stage() const { return {2, tensor * context * data}; }
};

// Why a block cannot be divided so; "" where nothing is in the way.
std::string undivided(std::uint64_t count, const char* of, const Parallelism& split);  // over tensor
std::string whole_context(const Parallelism& split, const char* block);  // one device a sequence
inline std::string either(std::string one, std::string other) {
  return one.empty() ? std::move(other) : std::move(one);
}

// What is asked for; the rest follows.
struct AskedDegrees {
  std::optional<std::uint32_t> devices, tensor, pipeline, expert, data, context, micro_batches;
};

// Devices without a degree form one tensor-parallel group; of a tensor-parallel degree smaller than the
// devices the rest are pipeline stages. `usual`: devices where nothing is said. Throws ConfigError: degrees
// and devices that contradict each other (which of them to change), experts that their devices cannot share.
Parallelism divided(const AskedDegrees& asked, std::uint32_t usual);

}  // namespace orrery
