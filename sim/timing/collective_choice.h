#pragma once
// Which algorithm and protocol a library takes for a collective: the least of base + steps + bytes over the
// busiest link, over what the node offers (NCCL's tuning model has the same three terms). Left out: what a
// library measures when it starts.

#include <string>

#include "sim/timing/collective_schedule.h"

namespace orrery {

struct CollectiveChoice {
  CollectiveAlgorithm algorithm = CollectiveAlgorithm::ring;
  std::size_t protocol = 0;
  double predicted_s = 0;
};

// `algorithm` forces one. Throws ConfigError: an algorithm the node or the operation does not have.
CollectiveChoice choose_collective(const NodeSpec& node, CollectiveOperation operation,
                                   const DeviceGroup& group, std::uint64_t bytes,
                                   const std::string& algorithm = "");

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
