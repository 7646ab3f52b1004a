#include "sim/probe/collective_probe.h"

#include <fmt/format.h>

#include <algorithm>

#include "models/link/node_network.h"
#include "sim/config/node_loader.h"
#include "sim/engine/systemc_session.h"
#include "sim/util/errors.h"

namespace orrery {
namespace {

// Algorithms a library has for a topology. Rings and trees fit any; a direct exchange needs a link a pair or
// a switch, and libraries use it where links lie idle otherwise.
std::vector<CollectiveAlgorithm> candidates(const NodeFile& node, CollectiveOperation op,
                                            std::uint32_t devices) {
  using A = CollectiveAlgorithm;
  if (op == CollectiveOperation::all_to_all || op == CollectiveOperation::send_recv) return {A::direct};
  const bool several_groups =
      devices > node.chips || (node.topology == NodeTopology::pairwise_host && devices > 2);
  std::vector<A> found;
  if (several_groups && op != CollectiveOperation::broadcast) found.push_back(A::hierarchical);
  if (!several_groups || op == CollectiveOperation::broadcast) found.push_back(A::ring);
  if (!several_groups && op == CollectiveOperation::all_reduce) found.push_back(A::tree);
  if (!several_groups && node.switch_reduces) found.push_back(A::in_switch);
  return found;
}

std::uint32_t group_of(const NodeFile& node, std::uint32_t devices) {
  return devices > node.chips ? node.chips : node.topology == NodeTopology::pairwise_host ? 2 : devices;
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
      return 1;
  }
  return 1;
}

// Leaving the node takes its own start.
double base_ns(const NodeFile& node, const CollectiveProtocol& protocol, std::uint32_t devices) {
  return protocol.base_ns + (devices > node.chips ? node.nic_base_ns : 0);
}

}  // namespace

CollectiveChoice choose_collective(const NodeFile& node, CollectiveOperation op, std::uint32_t devices,
                                   std::uint64_t bytes, const std::string& algorithm) {
  std::vector<CollectiveAlgorithm> algorithms = candidates(node, op, devices);
  if (!algorithm.empty()) algorithms = {parse_collective_algorithm(algorithm)};
  CollectiveChoice best;
  bool found = false;
  for (const CollectiveAlgorithm a : algorithms) {
    if (a == CollectiveAlgorithm::in_switch && !node.switch_reduces)
      throw ConfigError("", "node " + node.name + " has no switch that reduces");
    const CollectiveSchedule schedule =
        make_schedule(op, a, node.topology, devices, group_of(node, devices), bytes);
    for (std::size_t p = 0; p < node.protocols.size(); ++p) {
      const CollectiveProtocol& protocol = node.protocols[p];
      NodeLinks links(node, devices, protocol.share);
      const double predicted = base_ns(node, protocol, devices) * 1e-9 +
                               links.chain_s(schedule, protocol.step_ns * 1e-9) + links.busiest_s(schedule);
      if (!found || predicted < best.predicted_s) best = {a, p, predicted};
      found = true;
    }
  }
  return best;
}

CollectiveProbeResult run_collective_probe(const CollectiveProbe& probe) {
  const NodeFile node = load_node(probe.node);
  const CollectiveOperation op = parse_collective_operation(probe.kind);
  const std::uint32_t devices = probe.devices == 0 ? node.chips : probe.devices;
  if (devices < 2) throw ConfigError("", "a collective needs at least 2 devices");
  if (devices > node.chips && (node.nics == 0 || devices % node.chips != 0)) {
    throw ConfigError(
        "", fmt::format(
                "{} devices of node {}: it has {} chips{}", devices, node.name, node.chips,
                node.nics == 0 ? " and no NICs to join another" : "; several nodes take a multiple of that"));
  }
  if (probe.bytes == 0) throw ConfigError("", "a collective moves at least one byte");
  const CollectiveChoice choice = choose_collective(node, op, devices, probe.bytes, probe.algorithm);
  const CollectiveProtocol& protocol = node.protocols[choice.protocol];
  prepare_systemc();
  NodeNetwork network("node", node, devices, protocol.share);
  const CollectiveSchedule schedule =
      make_schedule(op, choice.algorithm, node.topology, devices, group_of(node, devices), probe.bytes);
  CollectiveProbeResult r;
  r.steps = schedule_steps(schedule);
  const std::size_t id =
      network.start(schedule, 0, from_ns(base_ns(node, protocol, devices)), from_ns(protocol.step_ns));
  start_simulation();
  if (!network.idle()) throw SimulationError("node", network.waiting_for());
  const double seconds = to_seconds(network.finished(id));
  r.time_us = seconds * 1e6;
  r.algorithm_gb_per_s = static_cast<double>(probe.bytes) / seconds * 1e-9;
  r.bus_gb_per_s = r.algorithm_gb_per_s * bus_factor(op, devices);
  r.algorithm = to_string(choice.algorithm);
  r.protocol = protocol.name;
  r.devices = devices;
  r.granules = network.granules();
  r.energy_j = static_cast<double>(network.link_bytes()) * 8 * node.energy_pj_per_bit * 1e-12;
  return r;
}

}  // namespace orrery
