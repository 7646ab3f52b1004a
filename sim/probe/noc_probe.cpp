#include "sim/probe/noc_probe.h"

#include <algorithm>

#include "models/noc/cycle_network.h"
#include "sim/util/errors.h"
#include "sim/util/random.h"
#include "sim/workload/noc_traffic.h"

namespace orrery {
namespace {

// Sums over packets created in the window and flits ejected in it.
class Statistics final : public NocSink {
 public:
  Statistics(NocCycle from, NocCycle to) : from_(from), to_(to) {}

  void flit_ejected(NocCycle t) override {
    if (t >= from_ && t < to_) ++flits;
  }
  void packet_done(const NocPacket& p, NocCycle t) override {
    if (p.created < from_ || p.created >= to_) return;
    ++packets;
    latency += static_cast<double>(t - p.created);
    network += static_cast<double>(t - p.injected);
    longest = std::max(longest, static_cast<double>(t - p.created));
  }

  std::uint64_t flits = 0, packets = 0;
  double latency = 0, network = 0, longest = 0;

 private:
  NocCycle from_, to_;
};

}  // namespace

NocProbeResult run_noc_probe(const NocProbe& probe) {
  const NocGraph graph(probe.network);
  const NocTraffic traffic(probe.traffic, graph.nodes());
  if (probe.packet_flits == 0) throw ConfigError("", "a packet has at least one flit");
  if (!(probe.rate > 0) || probe.rate > 1)
    throw ConfigError("", "the rate is in flits a node and cycle: more than 0, at most 1");
  const NocCycle end = probe.warm_up_cycles + probe.measured_cycles;
  Statistics statistics(probe.warm_up_cycles, end);
  CycleNetwork network(graph, statistics);
  RandomStream random(probe.seed);
  const double chance = probe.rate / probe.packet_flits;
  std::uint64_t created = 0;
  double hops = 0;
  NocCycle t = 0;
  // Packets of the window are followed to their end; beyond saturation they have none to wait for.
  const NocCycle limit = end + 20 * probe.measured_cycles;
  const auto saturated = [&] { return probe.rate >= 1; };
  for (; t < limit; ++t) {
    if (t >= end && (saturated() || statistics.packets == created)) break;
    for (std::uint32_t n = 0; n < graph.nodes(); ++n) {
      if (random.uniform() >= chance) continue;
      NocPacket packet;
      packet.from = n;
      packet.to = traffic.destination(n, random);
      packet.flits = probe.packet_flits;
      packet.tie = static_cast<std::uint32_t>(random.next());
      packet.created = t;
      // Without bound above saturation, a queue of this length keeps a node busy as well.
      if (network.waiting_packets(n) > 4096) continue;
      network.send(packet);
      if (t < probe.warm_up_cycles || t >= end) continue;
      ++created;
      hops += static_cast<double>(graph.path(n, packet.to, packet.tie).size() - 1);
    }
    network.step(t);
  }
  NocProbeResult r;
  r.packets = statistics.packets;
  const double nodes = graph.nodes();
  r.accepted = static_cast<double>(statistics.flits) / nodes / static_cast<double>(probe.measured_cycles);
  if (statistics.packets > 0) {
    const auto packets = static_cast<double>(statistics.packets);
    r.latency_cycles = statistics.latency / packets;
    r.network_latency_cycles = statistics.network / packets;
    r.max_latency_cycles = statistics.longest;
  }
  if (created > 0) r.hops = hops / static_cast<double>(created);
  r.stable = statistics.packets == created && r.accepted > 0.97 * probe.rate;
  return r;
}

}  // namespace orrery
