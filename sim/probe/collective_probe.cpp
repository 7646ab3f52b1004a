#include "sim/probe/collective_probe.h"

#include "models/link/node_network.h"
#include "sim/engine/systemc_session.h"
#include "sim/timing/collective_choice.h"
#include "sim/util/errors.h"

namespace orrery {

CollectiveProbeResult run_collective_probe(const CollectiveProbe& probe) {
  const NodeSpec& node = probe.node;
  const CollectiveOperation op = parse_collective_operation(probe.kind);
  const std::uint32_t devices = probe.devices == 0 ? node.chips : probe.devices;
  if (devices < 2) throw ConfigError("", "a collective needs at least 2 devices");
  check_devices(node, devices);
  if (probe.bytes == 0) throw ConfigError("", "a collective moves at least one byte");
  const CollectiveChoice choice =
      choose_collective(node, op, devices, probe.bytes, probe.algorithm, probe.stack, probe.copies);
  const auto plan =
      std::make_shared<PlannedCollective>(plan_collective(node, op, devices, probe.bytes, choice));
  prepare_systemc();
  NodeNetwork network("node", node);
  CollectiveProbeResult r;
  r.steps = schedule_steps(plan->schedule);
  const std::size_t id = network.start(plan, devices, 0);
  start_simulation();
  if (!network.idle()) throw SimulationError("node", network.waiting_for());
  const double seconds = to_seconds(network.finished(id));
  r.time_us = seconds * 1e6;
  r.algorithm_gb_per_s = static_cast<double>(probe.bytes) / seconds * 1e-9;
  r.bus_gb_per_s = r.algorithm_gb_per_s * bus_factor(op, devices);
  r.algorithm = to_string(choice.algorithm);
  r.protocol = node.protocols[choice.protocol].name;
  r.devices = devices;
  r.granules = network.granules();
  r.energy_j = network.link_bytes().real() * 8 * node.energy_pj_per_bit * 1e-12;
  return r;
}

}  // namespace orrery
