#include "sim/probe/noc_probe.h"

#include <algorithm>
#include <cmath>

#include "models/noc/cycle_network.h"
#include "models/noc/message_tree.h"
#include "models/noc/tile_network.h"
#include "sim/util/errors.h"
#include "sim/util/random.h"

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

// Packets of the measured window, and enough of them at low rates.
NocCycle window_of(const NocProbe& probe, std::size_t senders) {
  constexpr double kPackets = 5000;
  const double needed = kPackets * probe.packet_flits / (probe.rate * static_cast<double>(senders));
  return std::max(probe.measured_cycles, static_cast<NocCycle>(needed));
}

class NocRun {
 public:
  explicit NocRun(const NocProbe& probe)
      : probe_(probe),
        graph_(probe.network),
        traffic_(probe.traffic, graph_.nodes(), probe.places),
        window_(window_of(probe, traffic_.senders().size())),
        end_(probe.warm_up_cycles + window_),
        statistics_(probe.warm_up_cycles, end_),
        random_(probe.seed) {}

  NocProbeResult run() {
    probe_.fidelity == ProbeFidelity::tile ? run_tile() : run_cycle();
    return result();
  }

 private:
  const NocProbe& probe_;
  NocGraph graph_;
  NocTraffic traffic_;
  NocCycle window_, end_;
  Statistics statistics_;
  RandomStream random_;
  std::uint64_t created_ = 0;
  double hops_ = 0;

  bool saturating() const { return probe_.rate >= 1; }

  NocPacket packet_from(std::uint32_t node, NocCycle t) {
    NocPacket packet;
    packet.from = node;
    packet.to = traffic_.destination(node, random_);
    packet.flits = probe_.packet_flits;
    packet.tie = static_cast<std::uint32_t>(random_.next());
    packet.created = t;
    if (t >= probe_.warm_up_cycles && t < end_) {
      ++created_;
      hops_ += static_cast<double>(graph_.path(node, packet.to, packet.tie).size() - 1);
    }
    return packet;
  }

  static constexpr std::size_t kBacklog = 4096;  // keeps a node busy for good

  // Packets of the window are followed to their end; beyond saturation they have none to wait for.
  bool done(NocCycle t) const {
    if (t >= end_ + 20 * window_) return true;
    return t >= end_ && (saturating() || statistics_.packets == created_);
  }

  void run_cycle() {
    CycleNetwork network(graph_, statistics_);
    const double chance = probe_.rate / probe_.packet_flits;
    for (NocCycle t = 0; !done(t); ++t) {
      for (const std::uint32_t n : traffic_.senders()) {
        if (random_.uniform() >= chance || network.waiting_packets(n) > kBacklog) continue;
        network.send(packet_from(n, t));
      }
      network.step(t);
    }
  }

  void run_tile() {
    TileNetwork network(graph_, statistics_);
    const double chance = probe_.rate / probe_.packet_flits;
    // Cycles to the next success of a Bernoulli trial.
    const auto gap = [&]() -> NocCycle {
      if (chance >= 1) return 1;
      return 1 + static_cast<NocCycle>(std::log(1 - random_.uniform()) / std::log(1 - chance));
    };
    std::vector<NocCycle> next(graph_.nodes(), 0);
    for (const std::uint32_t n : traffic_.senders()) next[n] = gap() - 1;
    for (NocCycle t = 0; !done(t); ++t) {
      for (const std::uint32_t n : traffic_.senders()) {
        if (next[n] > t) continue;
        if (network.waiting_packets(n) <= kBacklog) network.send(packet_from(n, t));
        next[n] = t + gap();
      }
      network.run(t + 1);
    }
  }

  NocProbeResult result() const {
    NocProbeResult r;
    r.packets = statistics_.packets;
    r.accepted = static_cast<double>(statistics_.flits) / static_cast<double>(traffic_.senders().size()) /
                 static_cast<double>(window_);
    if (statistics_.packets > 0) {
      const auto packets = static_cast<double>(statistics_.packets);
      r.latency_cycles = statistics_.latency / packets;
      r.network_latency_cycles = statistics_.network / packets;
      r.max_latency_cycles = statistics_.longest;
    }
    if (created_ > 0) r.hops = hops_ / static_cast<double>(created_);
    r.stable = statistics_.packets == created_ && r.accepted > 0.95 * probe_.rate;
    return r;
  }
};

// One message from node 0 to all others along a tree, or the sum of all others' messages on the way back.
NocProbeResult run_tree(const NocProbe& probe) {
  if (probe.fidelity == ProbeFidelity::cycle)
    throw ConfigError("", probe.traffic + " trees are simulated at --fidelity tile");
  const NocGraph graph(probe.network);
  std::vector<std::uint32_t> others;
  for (std::uint32_t node = 1; node < graph.nodes(); ++node) others.push_back(node);
  const TreeMessage message = probe.traffic == "multicast" ? multicast(graph, 0, others, probe.packet_flits)
                                                           : reduce(graph, others, 0, probe.packet_flits);
  NocProbeResult r;
  r.packets = 1;
  r.latency_cycles = r.network_latency_cycles = r.max_latency_cycles = static_cast<double>(message.cycles);
  r.hops = static_cast<double>(message.channels);
  return r;
}

}  // namespace

NocProbeResult run_noc_probe(const NocProbe& probe) {
  if (probe.packet_flits == 0) throw ConfigError("", "a packet has at least one flit");
  if (!(probe.rate > 0) || probe.rate > 1)
    throw ConfigError("", "the rate is in flits a node and cycle: more than 0, at most 1");
  if (probe.traffic == "multicast" || probe.traffic == "reduce") return run_tree(probe);
  return NocRun(probe).run();
}

}  // namespace orrery
