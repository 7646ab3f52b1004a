// Networks on chip: latencies by formula, conservation, what tile and cycle agree on, and what is refused.

#include <gtest/gtest.h>

#include <cmath>

#include "models/noc/cycle_network.h"
#include "models/noc/tile_network.h"
#include "sim/config/noc_loader.h"
#include "sim/probe/noc_probe.h"
#include "sim/util/random.h"
#include "tests/support/config_error.h"

namespace orrery::test {
namespace {

NocSpec spec_of(const char* topology, std::uint32_t k, std::uint32_t n,
                const char* router = "mesh88_lat_example") {
  NocSpec spec = noc_from(topology, k, n, "xy", load_router(router));
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

NocCycle lone_packet(const NocGraph& graph, std::uint32_t from, std::uint32_t to, std::uint32_t flits) {
  Count count;
  CycleNetwork network(graph, count);
  NocPacket p;
  p.from = from;
  p.to = to;
  p.flits = flits;
  network.send(p);
  for (NocCycle t = 0; !network.idle() && t < 1000; ++t) network.step(t);
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
    EXPECT_EQ(lone_packet(graph, c.from, c.to, c.flits), c.expected) << c.topology;
    TileNetwork tile(graph);
    EXPECT_EQ(tile.reserve(c.from, c.to, c.flits, 0, 0).done, c.expected) << c.topology;
  }
  const NocGraph graph(spec_of("mesh", 4, 2, "binary_defaults"));
  EXPECT_EQ(lone_packet(graph, 0, 15, 1), 5 * 7 + 2);
}

TEST(Noc, EveryFlitArrivesOnceOnEveryTopology) {
  for (const auto& [topology, k, n] : {std::tuple{"mesh", 4u, 2u},
                                       {"torus", 4u, 2u},
                                       {"ring", 9u, 1u},
                                       {"crossbar", 12u, 1u},
                                       {"butterfly", 3u, 3u},
                                       {"hierarchical", 4u, 2u},
                                       {"mesh", 3u, 3u}}) {
    const NocGraph graph(spec_of(topology, k, n));
    Count count;
    CycleNetwork network(graph, count);
    RandomStream random(5);
    std::uint64_t flits = 0;
    NocCycle t = 0;
    for (; t < 2000; ++t) {
      for (std::uint32_t node = 0; node < graph.nodes(); ++node) {
        if (random.uniform() > 0.2) continue;
        NocPacket p;
        p.from = node;
        p.to = static_cast<std::uint32_t>(random.below(graph.nodes()));
        p.flits = 1 + static_cast<std::uint32_t>(random.below(6));
        p.tie = static_cast<std::uint32_t>(random.next());
        p.created = t;
        network.send(p);
        flits += p.flits;
      }
      network.step(t);
    }
    for (; !network.idle() && t < 200000; ++t) network.step(t);
    EXPECT_TRUE(network.idle()) << topology << " is stuck";
    EXPECT_EQ(count.flits, flits) << topology;
  }
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
    probe.rate = c.rate;
    EXPECT_NEAR(run_noc_probe(probe).latency_cycles / c.latency, 1, 0.08) << c.topology;
    probe.fidelity = ProbeFidelity::tile;
    EXPECT_NEAR(run_noc_probe(probe).latency_cycles / c.latency, 1, 0.4) << c.topology;
  }
}

TEST(Noc, WaitingForTheTailsCreditCostsARingItsThroughput) {
  NocProbe probe;
  probe.network = spec_of("ring", 8, 1);
  probe.rate = 1;
  const double waits = run_noc_probe(probe).accepted;
  probe.network.router.wait_for_tail_credit = false;
  const double goes = run_noc_probe(probe).accepted;
  EXPECT_NEAR(waits, 0.193, 0.02);  // BookSim 2: 0.193 with, 0.650 without
  EXPECT_NEAR(goes, 0.650, 0.07);
}

TEST(Noc, AMulticastTakesEachChannelOnceAndAReductionToo) {
  const NocGraph graph(spec_of("mesh", 4, 2));
  const std::vector<std::uint32_t> row = {1, 2, 3};
  TileNetwork tree(graph);
  const auto done = tree.multicast(0, row, 8, 0);
  EXPECT_EQ(tree.flits_moved(), 8U * (1 + 3 + 3));  // injection, three links, three ejections
  TileNetwork alone(graph);
  for (const std::uint32_t to : row) alone.reserve(0, to, 8, 0, 0);
  EXPECT_GT(alone.flits_moved(), tree.flits_moved());
  EXPECT_EQ(done, 4 * 4 + 2 + 7);
  TileNetwork back(graph);
  back.reduce(row, 0, 8, 0);
  EXPECT_EQ(back.flits_moved(), 8U * (3 + 3 + 1));
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
