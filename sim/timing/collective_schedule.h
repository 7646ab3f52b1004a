#pragma once
// The transfers of a collective: who sends how much to whom after what. Algorithms as libraries have them
// (Thakur, Rabenseifner and Gropp, 2005; NCCL): ring, double binary tree, recursive halving-doubling, direct
// (every pair at once: two-shot), one-shot (whole arrays to all), hierarchical (inside groups, then across),
// and reduction in the switch.

#include <cstdint>
#include <string>
#include <vector>

#include "sim/config/node_spec.h"
#include "sim/operators/collective_operation.h"

namespace orrery {

inline constexpr std::uint32_t kSwitch = 0xfffffffe;  // an end of a transfer: the node's switch

struct CollectiveTransfer {
  std::uint32_t from = 0, to = 0;  // devices, or kSwitch
  std::uint64_t bytes = 0;
  std::uint64_t offset = 0;          // in the sender's array
  std::uint64_t stored_at = 0;       // in the receiver's
  std::vector<std::uint32_t> after;  // transfers whose data this one needs
  bool original = false;             // what the sender brought along, not what it received or summed up
  bool sums = false;                 // the receiver adds it to its own
};

using CollectiveSchedule = std::vector<CollectiveTransfer>;

// Orders of devices for rings that together use the links of a fully connected node evenly; one order
// elsewhere.
std::vector<std::vector<std::uint32_t>> ring_orders(NodeTopology topology, std::uint32_t devices);

// `bytes`: the whole array (all_gather, reduce_scatter: the gathered one; all_to_all: what a device sends to
// all). `group`: devices of a group (hierarchical). `copies`: of a row among what an all-to-all sends, to
// devices drawn from all; a hierarchical one sends the row once to each group. Throws ConfigError: an
// algorithm the operation or the number of devices does not allow.
CollectiveSchedule make_schedule(CollectiveOperation operation, CollectiveAlgorithm algorithm,
                                 NodeTopology topology, std::uint32_t devices, std::uint32_t group,
                                 std::uint64_t bytes, std::uint32_t copies = 1);

// The transfers of a group numbered from 0 as those of its devices, and of the groups between them.
CollectiveSchedule spread(CollectiveSchedule schedule, const DeviceGroup& group);

// Longest chain of dependent transfers.
std::uint32_t schedule_steps(const CollectiveSchedule& schedule);

}  // namespace orrery
