#include "sim/timing/collective_choice.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>

#include "sim/timing/collective_timing.h"
#include "sim/timing/node_links.h"
#include "sim/util/errors.h"

namespace orrery {
namespace {

// Members of a group that are in one node. Pairs of one are no group: libraries run one ring through them all
// (NCCL, src/graph: a ring's hops between pairs cross the host), an odd number of chips as an even one.
std::uint32_t close_members(const NodeSpec& node, const DeviceGroup& group) {
  return group.span() > node.chips ? std::max(1U, node.chips / group.stride) : group.devices;
}

// Algorithms a library has for a topology. Rings and trees fit any; a direct exchange needs a link a pair or
// a switch, and libraries use it where links lie idle otherwise.
std::vector<CollectiveAlgorithm> candidates(const NodeSpec& node, CollectiveOperation op,
                                            const DeviceGroup& group, CollectiveStack stack) {
  using A = CollectiveAlgorithm;
  const bool leaves = group.span() > node.chips;
  if (op == CollectiveOperation::all_to_all && leaves && stack.kernels == CollectiveKernels::experts_by_node)
    return {A::hierarchical};
  if (op == CollectiveOperation::all_to_all || op == CollectiveOperation::send_recv ||
      op == CollectiveOperation::shift)
    return {A::direct};
  if (!node.algorithms.empty()) return node.algorithms;
  const std::uint32_t close = close_members(node, group);
  // Groups that are not alike run as one ring.
  const bool several_groups = close >= 2 && close < group.devices && group.devices % close == 0;
  std::vector<A> found;
  if (several_groups && op != CollectiveOperation::broadcast) found.push_back(A::hierarchical);
  if (!several_groups || op == CollectiveOperation::broadcast) found.push_back(A::ring);
  // Between pairs a tree would be a chain (NCCL, src/graph/connect.cc), which no library prefers to a ring.
  const bool pairs = node.topology == NodeTopology::pairwise_host;
  if (!several_groups && !pairs && op == CollectiveOperation::all_reduce) found.push_back(A::tree);
  if (!several_groups && node.switch_reduces) found.push_back(A::in_switch);
  // Beyond five chips rings leave some of a full mesh's links idle.
  constexpr std::uint32_t kRingsCover = 5;
  const bool mesh = node.topology == NodeTopology::fully_connected && group.devices > kRingsCover;
  if (mesh && !several_groups && op != CollectiveOperation::broadcast) found.push_back(A::direct);
  return found;
}

// What is moved: protocols that serve it come first.
ProtocolUse use_of(CollectiveOperation op, CollectiveStack stack) {
  if (stack.kernels == CollectiveKernels::experts) return ProtocolUse::experts;
  if (stack.kernels == CollectiveKernels::experts_by_node) return ProtocolUse::experts_by_node;
  if (op == CollectiveOperation::send_recv || op == CollectiveOperation::shift) return ProtocolUse::pairs;
  return stack.older ? ProtocolUse::older : ProtocolUse::collectives;
}

bool has(const NodeSpec& node, ProtocolUse use) {
  return std::any_of(node.protocols.begin(), node.protocols.end(),
                     [use](const CollectiveProtocol& p) { return p.serves == use; });
}

// Protocols that an algorithm can run by. In the switch only bulk transfers are summed (NCCL: NVLS has no
// low-latency protocol).
bool fits(const NodeSpec& node, std::size_t protocol, CollectiveAlgorithm algorithm, ProtocolUse use,
          bool engine) {
  const ProtocolUse serves = node.protocols[protocol].serves;
  if (serves == ProtocolUse::engine)
    return engine && (algorithm == CollectiveAlgorithm::one_shot || algorithm == CollectiveAlgorithm::direct);
  if (serves != (has(node, use) ? use : ProtocolUse::collectives)) return false;
  if (algorithm != CollectiveAlgorithm::in_switch) return algorithm != CollectiveAlgorithm::one_shot;
  for (std::size_t later = protocol + 1; later < node.protocols.size(); ++later) {
    if (node.protocols[later].serves == serves) return false;
  }
  return true;
}

// Of the links' payload rate: a device's kernel moves one part after the other, those that it keeps too.
double kept_up(const NodeSpec& node, const CollectiveProtocol& protocol, CollectiveOperation op,
               CollectiveAlgorithm algorithm, const DeviceGroup& group) {
  const bool ring = algorithm == CollectiveAlgorithm::ring && op != CollectiveOperation::broadcast;
  if ((!ring && op != CollectiveOperation::all_to_all) || group.span() > node.chips) return protocol.share;
  const double steps = ring_steps(op, group.devices);
  return protocol.share * steps / (steps + protocol.own_copy);
}

// Leaving the node takes its own start; kernels for experts post to the NICs themselves.
double base_s(const NodeSpec& node, const CollectiveProtocol& protocol, CollectiveOperation op,
              const DeviceGroup& group) {
  const bool posts =
      protocol.serves == ProtocolUse::experts || protocol.serves == ProtocolUse::experts_by_node;
  const bool leaves = group.span() > node.chips;
  const double peers = op == CollectiveOperation::all_to_all ? group.devices - 1.0 : 0;
  return 1e-9 * (protocol.base_ns + peers * protocol.peer_ns + (leaves && !posts ? node.nic_base_ns : 0));
}

CollectiveSchedule schedule_of(const NodeSpec& node, CollectiveOperation op, CollectiveAlgorithm algorithm,
                               const DeviceGroup& group, std::uint64_t bytes, std::uint32_t copies) {
  if (algorithm == CollectiveAlgorithm::in_switch && !node.switch_reduces)
    throw ConfigError("", "node " + node.name + " has no switch that reduces");
  return spread(
      make_schedule(op, algorithm, node.topology, group.devices, close_members(node, group), bytes, copies),
      group);
}

}  // namespace

CollectiveChoice choose_collective(const NodeSpec& node, CollectiveOperation op, const DeviceGroup& group,
                                   std::uint64_t bytes, const std::string& algorithm, CollectiveStack stack,
                                   std::uint32_t copies) {
  const bool engine = stack.kernels == CollectiveKernels::engine && op == CollectiveOperation::all_reduce &&
                      group.span() <= node.chips;
  std::vector<CollectiveAlgorithm> algorithms = candidates(node, op, group, stack);
  if (engine) {
    algorithms.push_back(CollectiveAlgorithm::one_shot);
    algorithms.push_back(CollectiveAlgorithm::direct);
  }
  if (!algorithm.empty()) algorithms = {named<CollectiveAlgorithm>(algorithm, "--algorithm")};
  CollectiveChoice best;
  bool found = false;
  std::optional<ConfigError> misfit;  // of an algorithm that is not for this collective, or so many devices
  for (const CollectiveAlgorithm a : algorithms) {
    CollectiveSchedule schedule;
    try {
      schedule = schedule_of(node, op, a, group, bytes, copies);
    } catch (const ConfigError& error) {
      misfit = error;
      continue;
    }
    NodeLinks links(node, group.span());
    const double busiest_s = links.busiest_s(schedule);
    for (std::size_t p = 0; p < node.protocols.size(); ++p) {
      const CollectiveProtocol& protocol = node.protocols[p];
      if (!fits(node, p, a, use_of(op, stack), engine)) continue;
      const double predicted = base_s(node, protocol, op, group) +
                               links.chain_s(schedule, protocol.step_ns * 1e-9) +
                               busiest_s / kept_up(node, protocol, op, a, group);
      if (!found || predicted < best.predicted_s) best = {a, p, predicted, copies};
      found = true;
    }
  }
  if (!found && misfit) throw *misfit;
  if (!found) throw ConfigError("", "node " + node.name + " does not say what " + algorithm + " costs there");
  return best;
}

PlannedCollective plan_collective(const NodeSpec& node, CollectiveOperation op, const DeviceGroup& group,
                                  std::uint64_t bytes, const CollectiveChoice& choice) {
  const CollectiveProtocol& protocol = node.protocols[choice.protocol];
  return {schedule_of(node, op, choice.algorithm, group, bytes, choice.copies),
          base_s(node, protocol, op, group), protocol.step_ns * 1e-9,
          kept_up(node, protocol, op, choice.algorithm, group)};
}

void check_devices(const NodeSpec& node, std::uint32_t devices) {
  if (devices <= node.chips || (node.nics > 0 && devices % node.chips == 0)) return;
  throw ConfigError("", fmt::format("{} devices of node {}: it has {} chip{}{}", devices, node.name,
                                    node.chips, node.chips == 1 ? "" : "s",
                                    node.nics == 0 ? " and no NICs to join another"
                                                   : "; several nodes take a multiple of that"));
}

double bus_factor(CollectiveOperation op, std::uint32_t devices) {
  const double n = devices;
  switch (op) {
    case CollectiveOperation::all_reduce:
      return 2 * (n - 1) / n;
    case CollectiveOperation::all_gather:
    case CollectiveOperation::reduce_scatter:
    case CollectiveOperation::all_to_all:
      return (n - 1) / n;
    case CollectiveOperation::broadcast:
    case CollectiveOperation::send_recv:
    case CollectiveOperation::shift:
      return 1;
  }
  return 1;
}

}  // namespace orrery
