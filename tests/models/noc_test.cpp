// Networks on chip: latencies by formula, conservation, what tile and cycle agree on, and what is refused.

#include <gtest/gtest.h>

#include <array>
#include <cmath>

#include "models/noc/cycle_network.h"
#include "models/noc/message_tree.h"
#include "models/noc/network_rates.h"
#include "models/noc/tile_network.h"
#include "sim/config/noc_loader.h"
#include "sim/probe/noc_probe.h"
#include "sim/util/random.h"
#include "tests/support/config_error.h"

namespace orrery::test {
namespace {

NocSpec spec_of(const char* topology, std::uint32_t k, std::uint32_t n,
                const char* router = "mesh88_lat_example") {
  NocSpec spec = noc_from(topology, k, n, NocRouting::xy, load_router(router));
  if (spec.topology == NocTopology::torus) spec.link_latency = 2;
  return spec;
}

class Count final : public NocSink {
 public:
  void flit_ejected(NocCycle) override { ++flits; }
  void packet_done(const NocPacket& p, NocCycle t) override {
    ++packets;
    latency = t - p.created;
  }
  std::uint64_t flits = 0, packets = 0;
  NocCycle latency = 0;
};

void simulate(CycleNetwork& network, NocCycle t) {
  network.step(t);
}
void simulate(TileNetwork& network, NocCycle t) {
  network.run(t + 1);
}

template <class Network>
NocCycle lone_packet(const NocGraph& graph, std::uint32_t from, std::uint32_t to, std::uint32_t flits) {
  Count count;
  Network network(graph, count);
  NocPacket p;
  p.from = from;
  p.to = to;
  p.flits = flits;
  network.send(p);
  for (NocCycle t = 0; !network.idle() && t < 1000; ++t) simulate(network, t);
  EXPECT_EQ(count.packets, 1U);
  return count.latency;
}

// 4H + 2 + (L - 1) cycles over H routers, one more a link that closes a ring; 5H with a cycle of routing
// (closed forms of BookSim 2's example and default routers).
TEST(Noc, ALonePacketTakesWhatTheClosedFormSays) {
  struct Case {
    const char* topology;
    std::uint32_t k, n, from, to, flits;
    NocCycle expected;
  };
  for (const Case& c : {Case{"mesh", 4, 2, 0, 0, 1, 6}, Case{"mesh", 4, 2, 0, 15, 1, 30},
                        Case{"mesh", 8, 2, 3, 60, 4, 4 * 9 + 2 + 3}, Case{"crossbar", 16, 1, 2, 9, 1, 6},
                        Case{"butterfly", 2, 3, 1, 6, 1, 14}, Case{"torus", 8, 2, 0, 63, 1, 4 * 3 + 2 + 2},
                        Case{"ring", 8, 1, 0, 3, 2, 4 * 4 + 2 + 1 + 3}}) {
    const NocGraph graph(spec_of(c.topology, c.k, c.n));
    EXPECT_EQ(lone_packet<CycleNetwork>(graph, c.from, c.to, c.flits), c.expected) << c.topology;
    EXPECT_EQ(lone_packet<TileNetwork>(graph, c.from, c.to, c.flits), c.expected) << c.topology;
  }
  const NocGraph graph(spec_of("mesh", 4, 2, "binary_defaults"));
  EXPECT_EQ(lone_packet<CycleNetwork>(graph, 0, 15, 1), 5 * 7 + 2);
  EXPECT_EQ(lone_packet<TileNetwork>(graph, 0, 15, 1), 5 * 7 + 2);
}

template <class Network>
void expect_every_flit_once(const char* router, std::uint32_t longest) {
  for (const auto& [topology, k, n] : {std::tuple{"mesh", 4u, 2u},
                                       {"torus", 4u, 2u},
                                       {"ring", 9u, 1u},
                                       {"crossbar", 12u, 1u},
                                       {"butterfly", 3u, 3u},
                                       {"hierarchical", 4u, 2u},
                                       {"mesh", 3u, 3u}}) {
    const NocGraph graph(spec_of(topology, k, n, router));
    Count count;
    Network network(graph, count);
    RandomStream random(5);
    std::uint64_t flits = 0;
    NocCycle t = 0;
    for (; t < 2000; ++t) {
      for (std::uint32_t node = 0; node < graph.nodes(); ++node) {
        if (random.uniform() > 0.2) continue;
        NocPacket p;
        p.from = node;
        p.to = static_cast<std::uint32_t>(random.below(graph.nodes()));
        p.flits = 1 + static_cast<std::uint32_t>(random.below(longest));
        p.tie = static_cast<std::uint32_t>(random.next());
        p.created = t;
        network.send(p);
        flits += p.flits;
      }
      simulate(network, t);
    }
    for (; !network.idle() && t < 200000; ++t) simulate(network, t);
    EXPECT_TRUE(network.idle()) << topology << " is stuck";
    EXPECT_EQ(count.flits, flits) << topology;
  }
}

// Packets shorter and longer than a buffer, routers that wait for the tail's credit and that do not.
TEST(Noc, EveryFlitArrivesOnceOnEveryTopology) {
  for (const char* router : {"mesh88_lat_example", "binary_defaults"}) {
    for (const std::uint32_t longest : {6U, 40U}) {
      expect_every_flit_once<CycleNetwork>(router, longest);
      expect_every_flit_once<TileNetwork>(router, longest);
    }
  }
}

// A packet for later does not hold up the one before it, nor is it sent too soon.
TEST(Noc, PacketsLeaveWhenTheyAreCreated) {
  class Times final : public NocSink {
   public:
    void flit_ejected(NocCycle) override {}
    void packet_done(const NocPacket& p, NocCycle t) override {
      done.push_back({static_cast<NocCycle>(p.tag), p.injected, t});
    }
    std::vector<std::array<NocCycle, 3>> done;
  };
  const NocGraph graph(spec_of("mesh", 4, 2));
  Times times;
  TileNetwork network(graph, times);
  for (const NocCycle created : {100, 200, 201}) {
    NocPacket p;
    p.to = 3;
    p.flits = 2;
    p.created = created;
    p.tag = static_cast<std::uint64_t>(created);
    network.send(p);
  }
  network.run(1000);
  const NocCycle way = 4 * 4 + 2 + 1;
  const std::vector<std::array<NocCycle, 3>> expected = {
      {100, 100, 100 + way}, {200, 200, 200 + way}, {201, 202, 202 + way}};
  EXPECT_EQ(times.done, expected);
}

// BookSim 2 runs (accepted rate at injection 1; latency at 0.85 of it).
TEST(Noc, SaturationAndLoadedLatencyAsBookSim) {
  struct Cited {
    const char* topology;
    std::uint32_t k, n, flits;
    double saturation, rate, latency;
  };
  for (const Cited& c :
       {Cited{"mesh", 8, 2, 1, 0.3401, 0.2891, 28.84}, Cited{"crossbar", 16, 1, 4, 0.787, 0.6689, 21.22},
        Cited{"torus", 4, 2, 4, 0.8836, 0.7511, 34.15}, Cited{"ring", 8, 1, 1, 0.1926, 0.1637, 16.56}}) {
    NocProbe probe;
    probe.network = spec_of(c.topology, c.k, c.n);
    probe.packet_flits = c.flits;
    probe.rate = 1;
    EXPECT_NEAR(run_noc_probe(probe).accepted / c.saturation, 1, 0.05) << c.topology;
    probe.fidelity = ProbeFidelity::tile;
    EXPECT_NEAR(run_noc_probe(probe).accepted / c.saturation, 1, 0.15) << c.topology;
    probe.rate = c.rate;
    EXPECT_NEAR(run_noc_probe(probe).latency_cycles / c.latency, 1, 0.25) << c.topology;
    probe.fidelity = ProbeFidelity::cycle;
    EXPECT_NEAR(run_noc_probe(probe).latency_cycles / c.latency, 1, 0.08) << c.topology;
  }
}

TEST(Noc, WaitingForTheTailsCreditCostsARingItsThroughput) {
  for (const ProbeFidelity fidelity : {ProbeFidelity::cycle, ProbeFidelity::tile}) {
    NocProbe probe;
    probe.network = spec_of("ring", 8, 1);
    probe.rate = 1;
    probe.fidelity = fidelity;
    const double waits = run_noc_probe(probe).accepted;
    probe.network.router.wait_for_tail_credit = false;
    const double goes = run_noc_probe(probe).accepted;
    EXPECT_NEAR(waits, 0.193, 0.02);  // BookSim 2: 0.193 with, 0.650 without
    EXPECT_NEAR(goes, 0.650, 0.07);
  }
}

TEST(Noc, AMulticastTakesEachChannelOnceAndAReductionToo) {
  const NocGraph graph(spec_of("mesh", 4, 2));
  const std::vector<std::uint32_t> row = {1, 2, 3};
  const TreeMessage tree = multicast(graph, 0, row, 8);
  EXPECT_EQ(tree.channels, 1U + 3 + 3);   // injection, three links, three ejections
  EXPECT_EQ(tree.cycles, 4 * 4 + 2 + 7);  // as the lone packet to the farthest
  const TreeMessage back = reduce(graph, row, 0, 8);
  EXPECT_EQ(back.channels, 3U + 3 + 1);
  EXPECT_EQ(back.cycles, tree.cycles);
  // A node in the way adds its part to what comes from behind, a lone source none.
  EXPECT_EQ(reduce(graph, {3}, 0, 8).cycles, tree.cycles);
}

// One sender's own channel is all that bounds it; where ways cross, allocation leaves some of it unused, and
// a router with a single virtual channel more.
TEST(Noc, RatesOfStreamsAreMeasuredOnTheRouters) {
  const NocGraph mesh(spec_of("mesh", 4, 2));
  std::vector<std::uint32_t> cores;
  for (std::uint32_t node = 1; node < 16; ++node) cores.push_back(node);
  const NetworkRates one = network_rates(mesh, {0}, cores, 8);
  EXPECT_GT(one.read, 0.97);
  EXPECT_GT(one.write, 0.97);
  const NetworkRates four = network_rates(mesh, {0, 3, 12, 15}, {1, 2, 4, 5, 6, 7, 8, 9, 10, 11, 13, 14}, 8);
  EXPECT_GT(four.write, 0.7);
  EXPECT_LT(four.write, one.write);
  NocSpec poor = spec_of("mesh", 4, 2);
  poor.router.num_vcs = 1;
  EXPECT_LT(network_rates(NocGraph(poor), {0}, cores, 8).read, 0.75 * one.read);
}

NocSpec graph_of(std::uint32_t routers, std::vector<NocLink> links, std::vector<std::uint32_t> terminals) {
  NocSpec spec;
  spec.topology = NocTopology::graph;
  spec.routing = NocRouting::table;
  spec.routers = routers;
  spec.links = std::move(links);
  spec.terminals = std::move(terminals);
  return spec;
}

TEST(Noc, RefusesANodeThatCannotBeReached) {
  const std::string message = config_error([] { NocGraph(graph_of(3, {{0, 1, 1, false}}, {0, 1, 2})); });
  EXPECT_NE(message.find("node 0 cannot reach node 2"), std::string::npos) << message;
}

TEST(Noc, RefusesRoutesThatCanDeadlock) {
  // One way round: every packet waits for the next channel of the circle.
  const std::string message = config_error([] {
    NocGraph(graph_of(4, {{0, 1, 1, true}, {1, 2, 1, true}, {2, 3, 1, true}, {3, 0, 1, true}}, {0, 1, 2, 3}));
  });
  EXPECT_NE(message.find("can deadlock"), std::string::npos) << message;
  EXPECT_NE(message.find("0->1"), std::string::npos) << message;
}

TEST(Noc, ATorusNeedsTwoClassesOfVirtualChannels) {
  NocSpec spec = spec_of("torus", 4, 2);
  spec.router.num_vcs = 1;
  EXPECT_NE(config_error([&] { NocGraph graph(spec); }).find("dateline"), std::string::npos);
}

}  // namespace
}  // namespace orrery::test
