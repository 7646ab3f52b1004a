// Collectives over simulated links against closed forms, and what shares a link.

#include <gtest/gtest.h>

#include <cmath>

#include "models/core/clock_domain.h"
#include "models/link/node_network.h"
#include "sim/engine/systemc_session.h"
#include "tests/support/config_error.h"

namespace orrery::test {
namespace {

constexpr double kRate = 100e9;
constexpr double kAlpha = 1e-6;
constexpr std::uint64_t kBytes = 64 << 20;

NodeSpec node_of(NodeTopology topology, std::uint32_t chips) {
  NodeSpec node;
  node.name = "test";
  node.chips = chips;
  node.topology = topology;
  node.link.bytes_per_s = kRate;
  node.link.latency_ns = kAlpha * 1e9;
  node.switch_reduces = topology == NodeTopology::switched;
  return node;
}

std::shared_ptr<const PlannedCollective> planned(CollectiveSchedule schedule) {
  auto plan = std::make_shared<PlannedCollective>();
  plan->schedule = std::move(schedule);
  return plan;
}

double simulated(NodeTopology topology, CollectiveOperation op, CollectiveAlgorithm algorithm,
                 std::uint32_t n, std::uint64_t bytes = kBytes, std::uint32_t chips = 0,
                 std::uint32_t group = 2) {
  NodeSpec node = node_of(topology, chips == 0 ? n : chips);
  node.nics = 1;
  node.nic.bytes_per_s = kRate;
  node.host.bytes_per_s = kRate;
  node.radix = 2;
  node.dimensions = {2, n / 2};
  prepare_systemc();
  NodeNetwork network("node", node);
  const std::size_t id =
      network.start(planned(make_schedule(op, algorithm, topology, n, group, bytes)), n, 0);
  start_simulation();
  EXPECT_TRUE(network.idle());
  return to_seconds(network.finished(id));
}

using Op = CollectiveOperation;
using Al = CollectiveAlgorithm;

// Closed forms with N ranks, S bytes, alpha a step, B a rank and direction.
TEST(Collective, RingAllReduce) {
  const double expected = 14 * kAlpha + 2 * 7.0 / 8 * kBytes / kRate;
  EXPECT_NEAR(simulated(NodeTopology::switched, Op::all_reduce, Al::ring, 8) / expected, 1, 0.01);
}
TEST(Collective, RingAllGather) {
  const double expected = 7 * kAlpha + 7.0 / 8 * kBytes / kRate;
  EXPECT_NEAR(simulated(NodeTopology::switched, Op::all_gather, Al::ring, 8) / expected, 1, 0.01);
}
TEST(Collective, HalvingDoublingAllReduce) {
  const double expected = 6 * kAlpha + 2 * 7.0 / 8 * kBytes / kRate;
  EXPECT_NEAR(simulated(NodeTopology::switched, Op::all_reduce, Al::halving_doubling, 8) / expected, 1, 0.01);
}
TEST(Collective, DirectTwoShotAllReduceOverALinkAPair) {
  const double expected = 2 * kAlpha + 2 * 3.0 / 4 * kBytes / kRate;
  EXPECT_NEAR(simulated(NodeTopology::fully_connected, Op::all_reduce, Al::direct, 4) / expected, 1, 0.01);
}
TEST(Collective, RingsOverAFullMeshUseAllItsLinks) {
  const double expected = 6 * kAlpha + 2 * 3.0 / 4 * kBytes / kRate;
  EXPECT_NEAR(simulated(NodeTopology::fully_connected, Op::all_reduce, Al::ring, 4) / expected, 1, 0.02);
}
TEST(Collective, InSwitchReductionMovesLess) {
  // (N + 1) / N S each way: the ceiling that lets bus bandwidth exceed the wire's.
  const double expected = 9.0 / 8 * kBytes / kRate;
  const double t = simulated(NodeTopology::switched, Op::all_reduce, Al::in_switch, 8);
  EXPECT_GT(t, expected);
  EXPECT_LT(t, 1.3 * expected);  // first and last chunks do not overlap; a ring takes 1.56 of it
}
TEST(Collective, AllToAll) {
  const double expected = kAlpha + 7.0 / 8 * kBytes / kRate;
  EXPECT_NEAR(simulated(NodeTopology::switched, Op::all_to_all, Al::direct, 8) / expected, 1, 0.15);
}
TEST(Collective, SendReceive) {
  EXPECT_NEAR(simulated(NodeTopology::switched, Op::send_recv, Al::direct, 2) / (kAlpha + kBytes / kRate), 1,
              0.01);
}
TEST(Collective, RingBroadcastIsPipelined) {
  const double expected = kBytes / kRate;
  const double t = simulated(NodeTopology::switched, Op::broadcast, Al::ring, 8);
  EXPECT_GT(t, expected);
  EXPECT_LT(t, 2 * expected);
}
TEST(Collective, TreeBroadcastHasFewerStepsForSmallArrays) {
  EXPECT_LT(schedule_steps(make_schedule(Op::broadcast, Al::tree, NodeTopology::switched, 8, 8, 1024)),
            schedule_steps(make_schedule(Op::broadcast, Al::ring, NodeTopology::switched, 8, 8, 1024)));
}
TEST(Collective, HierarchicalOverTwoNodesIsBoundByTheWayOut) {
  // 2 x 4 chips: each node sends half of what its chips hold of each quarter, all through one NIC.
  const double out = kBytes / kRate;
  const double t = simulated(NodeTopology::switched, Op::all_reduce, Al::hierarchical, 8, kBytes, 4, 4);
  EXPECT_GT(t, out);
  EXPECT_LT(t, 3.2 * out);
}
TEST(Collective, EveryTopologyRunsARing) {
  double least = 2 * 7.0 / 8 * kBytes / kRate;
  EXPECT_GT(simulated(NodeTopology::torus, Op::all_reduce, Al::ring, 8), least);
}
TEST(Collective, AFatTreeRunsARing) {
  EXPECT_GT(simulated(NodeTopology::fat_tree, Op::all_reduce, Al::ring, 8), 1.7 * kBytes / kRate);
}
TEST(Collective, PairsMeetThroughTheHost) {
  EXPECT_GT(simulated(NodeTopology::pairwise_host, Op::all_reduce, Al::hierarchical, 4),
            1.4 * kBytes / kRate);
}

TEST(Collective, ABroadcastThroughASwitchIsPipelined) {
  const double t = simulated(NodeTopology::switched, Op::broadcast, Al::in_switch, 8);
  EXPECT_GT(t, kBytes / kRate);
  EXPECT_LT(t, 1.15 * kBytes / kRate);  // a 64th of it arrives before the next hop starts
}

// The way out of a node must not become a switch between its own chips.
TEST(Collective, AnotherNodeDoesNotMakeARingFaster) {
  NodeSpec node = node_of(NodeTopology::ring, 8);
  node.nics = 1;
  node.nic.bytes_per_s = 10 * kRate;
  for (const std::uint32_t devices : {8U, 16U}) {
    NodeLinks links(node, devices);
    EXPECT_EQ(links.way(0, 4).size(), 4U) << devices;  // half way round
  }
  NodeLinks links(node, 16);
  EXPECT_GE(links.way(0, 8).size(), 4U);  // door, switch, door
}

// An even number of chips does not leave an odd one behind: a ring's time goes with 2 (n - 1) / n.
TEST(Collective, PairsRunAsOneRing) {
  NodeSpec node = node_of(NodeTopology::pairwise_host, 4);
  node.host.bytes_per_s = kRate;
  node.protocols = {{"plain", 0, 0, 1}};
  const CollectiveChoice three = choose_collective(node, Op::all_reduce, 3, kBytes);
  const CollectiveChoice four = choose_collective(node, Op::all_reduce, 4, kBytes);
  EXPECT_EQ(three.algorithm, Al::ring);
  EXPECT_EQ(four.algorithm, Al::ring);
  EXPECT_NEAR(four.predicted_s / three.predicted_s, (2 * 3.0 / 4) / (2 * 2.0 / 3), 0.05);
}

TEST(Collective, AFullMeshOfManyChipsUsesAllItsLinks) {
  NodeSpec node = node_of(NodeTopology::fully_connected, 6);
  node.protocols = {{"plain", 0, 0, 1}};
  EXPECT_EQ(choose_collective(node, Op::all_reduce, 6, kBytes).algorithm, Al::direct);
}

// A serving engine's kernels: whole arrays to all where they are small, in two shots where they are not, and
// the library's where those are faster. Closed forms: base + step + (n - 1) S / B, and twice S / n of it.
TEST(Collective, EnginesHaveAllReducesOfTheirOwn) {
  NodeSpec node = node_of(NodeTopology::switched, 8);
  node.switch_reduces = false;
  node.protocols = {{"library", 10e3, 1e3, 1}, {"own", 2e3, 0.5e3, 0.5, ProtocolUse::engine}};
  const auto choice = [&](std::uint64_t bytes, CollectiveStack stack) {
    return choose_collective(node, Op::all_reduce, 8, bytes, "", stack);
  };
  const CollectiveChoice small = choice(1024, {CollectiveKernels::engine});
  EXPECT_EQ(small.algorithm, Al::one_shot);
  EXPECT_EQ(small.protocol, 1U);
  EXPECT_NEAR(small.predicted_s, 2.5e-6 + kAlpha + 7 * 1024.0 / kRate / 0.5, 1e-9);
  EXPECT_EQ(choice(1 << 20, {CollectiveKernels::engine}).algorithm, Al::direct);
  EXPECT_EQ(choice(1 << 30, {CollectiveKernels::engine}).protocol, 0U);
  EXPECT_EQ(choice(1024, {CollectiveKernels::library}).protocol, 0U);
  // Nothing of its own between nodes, or for other collectives.
  EXPECT_EQ(choose_collective(node, Op::all_gather, 8, 1024, "", {CollectiveKernels::engine}).protocol, 0U);
  EXPECT_NEAR(
      simulated(NodeTopology::switched, Op::all_reduce, Al::one_shot, 8) / (kAlpha + 7.0 * kBytes / kRate), 1,
      0.01);
}

TEST(Collective, AProtocolServesWhatItSays) {
  NodeSpec node = node_of(NodeTopology::switched, 8);
  node.protocols = {{"low", 1e3, 0, 0.3},
                    {"bulk", 10e3, 0, 0.9},
                    {"sends", 5e3, 0, 0.5, ProtocolUse::pairs},
                    {"experts", 7e3, 0, 0.6, ProtocolUse::experts}};
  EXPECT_EQ(choose_collective(node, Op::send_recv, 2, 1024).protocol, 2U);
  EXPECT_EQ(choose_collective(node, Op::all_to_all, 8, 1024).protocol, 0U);
  EXPECT_EQ(choose_collective(node, Op::all_to_all, 8, 1024, "", {CollectiveKernels::experts}).protocol, 3U);
  // Sums in the switch are bulk transfers whatever their size.
  EXPECT_EQ(choose_collective(node, Op::all_reduce, 8, 1024, "in_switch").protocol, 1U);
  node.protocols.resize(2);
  EXPECT_EQ(choose_collective(node, Op::send_recv, 2, 1024).protocol, 0U);
}

// What a device copies for itself, a ring's last part or its own of an all-to-all, keeps its kernel from
// sending: of two devices for half of each step more, of eight for half of one in seven. A start for each
// device that an all-to-all sends to.
TEST(Collective, KernelsCopyTheirOwnPartsToo) {
  NodeSpec node = node_of(NodeTopology::switched, 8);
  node.protocols = {{"bulk", 10e3, 0, 0.9, ProtocolUse::collectives, 2e3, 0.5}};
  const auto plan = [&](Op op, Al algorithm, std::uint32_t devices) {
    return plan_collective(node, op, devices, kBytes, {algorithm, 0, 0, 1});
  };
  EXPECT_DOUBLE_EQ(plan(Op::all_gather, Al::ring, 2).share, 0.9 * 1 / 1.5);
  EXPECT_DOUBLE_EQ(plan(Op::reduce_scatter, Al::ring, 8).share, 0.9 * 7 / 7.5);
  EXPECT_DOUBLE_EQ(plan(Op::all_reduce, Al::ring, 8).share, 0.9 * 14 / 14.5);
  EXPECT_DOUBLE_EQ(plan(Op::all_to_all, Al::direct, 2).share, 0.9 * 1 / 1.5);
  EXPECT_DOUBLE_EQ(plan(Op::all_reduce, Al::halving_doubling, 8).share, 0.9);
  EXPECT_DOUBLE_EQ(plan(Op::all_to_all, Al::direct, 8).base_s, 10e-6 + 7 * 2e-6);
  EXPECT_DOUBLE_EQ(plan(Op::all_gather, Al::ring, 8).base_s, 10e-6);
  // Between nodes the NICs are what a kernel waits for.
  node.nics = 8;
  EXPECT_DOUBLE_EQ(plan(Op::all_gather, Al::ring, 16).share, 0.9);
}

// Between pairs all go through one memory: of a ring of four two hops cross, in each direction.
TEST(Collective, ThroughTheHostsMemoryAllShareItsRate) {
  NodeSpec node = node_of(NodeTopology::pairwise_host, 8);
  node.host.bytes_per_s = kRate;
  const auto busiest = [&](std::uint32_t n) {
    return NodeLinks(node, n).busiest_s(make_schedule(Op::all_gather, Al::ring, node.topology, n, n, kBytes));
  };
  const double four = busiest(4);
  node.host_bytes_per_s = kRate;
  EXPECT_NEAR(busiest(4) / four, 2, 0.01);
  EXPECT_NEAR(busiest(8) / busiest(4), 4 * 7.0 / 8 / (2 * 3.0 / 4), 0.01);
}

TEST(Collective, TwoAtOnceShareTheLinks) {
  const NodeSpec node = node_of(NodeTopology::switched, 8);
  prepare_systemc();
  NodeNetwork network("node", node);
  const auto ring = planned(make_schedule(Op::all_reduce, Al::ring, node.topology, 8, 8, kBytes));
  const std::size_t a = network.start(ring, 8, 0);
  const std::size_t b = network.start(ring, 8, 0);
  // And a stream that crosses one link only, as a prefetch would.
  const std::size_t c =
      network.start(planned(make_schedule(Op::send_recv, Al::direct, node.topology, 2, 2, kBytes / 4)), 8, 0);
  start_simulation();
  const double alone = 2 * 7.0 / 8 * kBytes / kRate;
  // Twice the bytes on every link take twice the time; steps that wait for each other leave gaps.
  for (const std::size_t id : {a, b}) {
    EXPECT_GT(to_seconds(network.finished(id)) / (2 * alone), 0.98);
    EXPECT_LT(to_seconds(network.finished(id)) / (2 * alone), 1.35);
  }
  EXPECT_GT(to_seconds(network.finished(c)), 1.5 * kBytes / 4 / kRate);
}

// Bytes over all links of groups `stride` apart on one switch, two links a transfer.
std::uint64_t closed_form_bytes(Op op, Al algorithm, std::uint64_t n, std::uint64_t bytes) {
  if (op == Op::send_recv) return bytes;
  if (op == Op::shift) return n * bytes;
  if (algorithm == Al::in_switch) {
    // Up from all and down to one, where it sums; up from one and down to all, where it spreads.
    const bool sums = op == Op::all_reduce || op == Op::reduce_scatter;
    const bool spreads = op == Op::all_reduce || op == Op::all_gather;
    return ((sums ? n + 1 : 0) + (spreads ? n + 1 : 0)) * bytes;
  }
  // Across to the other pairs, and within them to the other one.
  if (op == Op::all_to_all && algorithm == Al::hierarchical) return (n - 2) * bytes + n * bytes / 2;
  return (op == Op::all_reduce ? 2 : 1) * (n - 1) * bytes;
}

TEST(Collective, BytesOnLinksAreTheAlgorithmsForEveryDegree) {
  NodeSpec node = node_of(NodeTopology::switched, 64);
  prepare_systemc();
  NodeNetwork network("node", node);
  std::size_t checked = 0;
  for (const Op op :
       {Op::all_reduce, Op::all_gather, Op::reduce_scatter, Op::all_to_all, Op::send_recv, Op::shift}) {
    for (const Al algorithm :
         {Al::ring, Al::tree, Al::halving_doubling, Al::direct, Al::hierarchical, Al::in_switch}) {
      for (const std::uint32_t n : {2U, 3U, 4U, 5U, 6U, 7U, 8U, 12U, 16U}) {
        for (const std::uint32_t stride : {1U, 3U}) {
          const DeviceGroup group(n, stride);
          const std::uint64_t bytes = std::uint64_t{n} << 26;
          CollectiveSchedule schedule;
          try {
            schedule = spread(make_schedule(op, algorithm, node.topology, n, 2, bytes), group);
          } catch (const ConfigError&) {
            continue;  // an algorithm that this is not for
          }
          const std::uint64_t before = network.link_bytes().value();
          network.start(planned(std::move(schedule)), group.span(), now_fs());
          start_simulation();
          ASSERT_TRUE(network.idle());
          const std::uint64_t hops =
              algorithm == Al::in_switch && op != Op::send_recv && op != Op::shift ? 1 : 2;
          EXPECT_EQ(network.link_bytes().value() - before,
                    hops * stride * closed_form_bytes(op, algorithm, n, bytes))
              << to_string(op) << " " << to_string(algorithm) << " " << n << " " << stride;
          network.reset();
          ++checked;
        }
      }
    }
  }
  EXPECT_GT(checked, 300U);
}

// Eight chips a node, groups across nodes: all of a node's send at once, through the ways out that they
// share.
TEST(Collective, GroupsAcrossNodesShareTheWayOut) {
  NodeSpec node = node_of(NodeTopology::switched, 8);
  node.switch_reduces = false;
  node.nics = 1;
  node.nic.bytes_per_s = kRate;
  node.protocols = {{"wire"}};
  const auto alone = choose_collective(node, Op::all_reduce, {2, 1}, kBytes);
  const auto across = choose_collective(node, Op::all_reduce, {2, 8}, kBytes);
  EXPECT_NEAR(across.predicted_s / alone.predicted_s, 8, 0.1);
  const auto wide = choose_collective(node, Op::send_recv, {2, 8}, kBytes);
  EXPECT_NEAR(wide.predicted_s / (8 * kBytes / kRate), 1, 0.01);
}

// Of a row's eight copies four are for the other node, which gets the row once: 1 - 1/2^8 of all rows.
TEST(Collective, KernelsByNodeSendARowOnceToEach) {
  const auto across = [](std::uint32_t copies) {
    std::uint64_t bytes = 0;
    for (const CollectiveTransfer& t :
         make_schedule(Op::all_to_all, Al::hierarchical, NodeTopology::switched, 16, 8, kBytes, copies)) {
      if (t.from / 8 != t.to / 8) bytes += t.bytes;
    }
    return static_cast<double>(bytes) / (16.0 * kBytes);
  };
  EXPECT_NEAR(across(1), 0.5, 1e-3);
  EXPECT_NEAR(across(8), (1 - 1.0 / 256) / 8, 1e-3);
  NodeSpec node = node_of(NodeTopology::switched, 8);
  node.nics = 8;
  node.nic.bytes_per_s = kRate / 8;
  node.protocols = {{"library", 10e3, 0, 1}, {"by_node", 2e3, 0, 1, ProtocolUse::experts_by_node}};
  const auto by_node =
      choose_collective(node, Op::all_to_all, 16, kBytes, "", {CollectiveKernels::experts_by_node}, 8);
  EXPECT_EQ(by_node.algorithm, Al::hierarchical);
  EXPECT_EQ(by_node.protocol, 1U);
  // Inside a node there is nothing to send once.
  EXPECT_EQ(choose_collective(node, Op::all_to_all, 8, kBytes, "", {CollectiveKernels::experts_by_node}, 8)
                .algorithm,
            Al::direct);
}

// A library of 2023 has protocols of its own where a node says so.
TEST(Collective, AnOlderLibraryHasItsOwnProtocols) {
  NodeSpec node = node_of(NodeTopology::switched, 8);
  node.protocols = {{"today", 8e3, 0, 1}, {"then", 45e3, 0, 0.5, ProtocolUse::older}};
  EXPECT_EQ(choose_collective(node, Op::all_gather, 8, kBytes).protocol, 0U);
  EXPECT_EQ(
      choose_collective(node, Op::all_gather, 8, kBytes, "", {CollectiveKernels::library, true}).protocol,
      1U);
  node.protocols.pop_back();
  EXPECT_EQ(
      choose_collective(node, Op::all_gather, 8, kBytes, "", {CollectiveKernels::library, true}).protocol,
      0U);
}

TEST(Collective, RefusesWhatAnAlgorithmCannotDo) {
  EXPECT_NE(config_error([] {
              make_schedule(Op::all_reduce, Al::halving_doubling, NodeTopology::switched, 6, 6, 1);
            }).find("power of two"),
            std::string::npos);
  EXPECT_NE(config_error([] {
              make_schedule(Op::all_to_all, Al::ring, NodeTopology::switched, 4, 4, 1);
            }).find("only direct"),
            std::string::npos);
}

}  // namespace
}  // namespace orrery::test
