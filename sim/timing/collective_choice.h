#pragma once
// Which algorithm and protocol a library takes for a collective: the least of base + steps + bytes over the
// busiest link, over what the node offers (NCCL's tuning model has the same three terms). Left out: what a
// library measures when it starts.

#include <array>
#include <string>

#include "sim/timing/collective_schedule.h"
#include "sim/util/enum_names.h"

namespace orrery {

struct CollectiveChoice {
  CollectiveAlgorithm algorithm = CollectiveAlgorithm::ring;
  std::size_t protocol = 0;
  double predicted_s = 0;
  std::uint32_t copies = 1;  // as asked
};

// Who brings the kernels: the vendor's library, or a serving engine that has all-reduces of its own inside a
// node and takes such a library's where those are faster; or kernels that move a mixture's tokens, each
// straight to its experts or once to each of their nodes.
enum class CollectiveKernels : std::uint8_t { library, engine, experts, experts_by_node };
template <>
struct EnumNames<CollectiveKernels> {
  static constexpr std::array<const char*, 4> kWords = {"library", "engine", "experts", "experts_by_node"};
};

struct CollectiveStack {
  CollectiveKernels kernels = CollectiveKernels::library;
  bool older = false;  // the vendor's library is that of 2023
};

// `algorithm` forces one. `copies`: of a row among what an all-to-all sends, drawn from all devices. Throws
// ConfigError: an algorithm the node or the operation does not have.
CollectiveChoice choose_collective(const NodeSpec& node, CollectiveOperation operation,
                                   const DeviceGroup& group, std::uint64_t bytes,
                                   const std::string& algorithm = "", CollectiveStack stack = {},
                                   std::uint32_t copies = 1);

// The choice, worked out: transfers and what the protocol costs. Seconds.
struct PlannedCollective {
  CollectiveSchedule schedule;
  double base_s = 0;  // before the first transfer
  double step_s = 0;  // before each transfer, its data being there
  double share = 1;   // of the links' payload rate that the protocol keeps up
};
PlannedCollective plan_collective(const NodeSpec& node, CollectiveOperation operation,
                                  const DeviceGroup& group, std::uint64_t bytes,
                                  const CollectiveChoice& choice);

// Throws ConfigError when the node, with others like it, cannot have that many devices.
void check_devices(const NodeSpec& node, std::uint32_t devices);

// nccl-tests: the factor that makes bytes/time comparable with a link (doc/PERFORMANCE.md there).
double bus_factor(CollectiveOperation operation, std::uint32_t devices);

}  // namespace orrery
