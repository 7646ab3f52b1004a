// Collectives as part of a machine: every algorithm of a node, through the chip's own memory.

#include <gtest/gtest.h>

#include "sim/config/arch_loader.h"
#include "sim/config/node_loader.h"
#include "sim/engine/machine.h"
#include "tests/support/programs.h"
#include "tests/support/small_machine.h"

namespace orrery::test {
namespace {

using Op = CollectiveOperation;
using Al = CollectiveAlgorithm;

NodeSpec node_with(NodeTopology topology, Al algorithm) {
  NodeSpec node = ring_node(8, 10e9, 200, 0);
  node.topology = topology;
  node.algorithms = {algorithm};
  node.switch_reduces = topology == NodeTopology::switched;
  return node;
}

struct Case {
  const char* name;
  NodeTopology topology;
  Al algorithm;
  Op operation;
  double sent;    // by device 0, of the array
  double summed;  // by device 0
};

class AlgorithmOnAMachine : public testing::TestWithParam<Case> {};

// Memory wide enough to be out of the way: what device 0 sends and stores is the algorithm's own share, and
// the time is at least that of its bytes on its links.
TEST_P(AlgorithmOnAMachine, MovesItsShareThroughTheChipsMemory) {
  const Case& c = GetParam();
  ArchSpec arch = small_machine();
  arch.dram.channels = 32;
  arch.network.port_bytes_per_cycle = 1e6;
  arch.node = node_with(c.topology, c.algorithm);
  Machine machine(arch);
  const std::uint64_t bytes = 8 * kMiB;
  Program program;
  program.tasks.push_back({collective_task(arch.node, c.operation, bytes, 8), {}});
  const ProgramOutcome run = machine.run(program, {}, false);
  const double sent = static_cast<double>(run.counts.link_bytes) / static_cast<double>(bytes);
  EXPECT_NEAR(sent, c.sent, 0.01);
  // Memory is read for what is sent and, where device 0 adds up, for its own part of each sum.
  const double read = static_cast<double>(run.counts.requested_read_bytes) / static_cast<double>(bytes);
  EXPECT_NEAR(read, c.sent + c.summed, 0.01);
  const double wire = static_cast<double>(run.counts.link_bytes) / 10e9;
  EXPECT_GE(to_seconds(run.time), 0.999 * wire);
  EXPECT_LT(to_seconds(run.time), 2.5 * wire + 1e-4);
}

INSTANTIATE_TEST_SUITE_P(
    Algorithms, AlgorithmOnAMachine,
    testing::Values(Case{"ring", NodeTopology::switched, Al::ring, Op::all_reduce, 1.75, 0.875},
                    Case{"halving", NodeTopology::switched, Al::halving_doubling, Op::all_reduce, 1.75,
                         0.875},
                    Case{"mesh", NodeTopology::fully_connected, Al::direct, Op::all_reduce, 1.75, 0.875},
                    Case{"in_switch", NodeTopology::switched, Al::in_switch, Op::all_reduce, 1.125, 0},
                    Case{"gather", NodeTopology::switched, Al::ring, Op::all_gather, 0.875, 0},
                    Case{"scatter", NodeTopology::switched, Al::direct, Op::reduce_scatter, 0.875, 0.875},
                    Case{"all_to_all", NodeTopology::fully_connected, Al::direct, Op::all_to_all, 0.875, 0},
                    Case{"broadcast", NodeTopology::switched, Al::ring, Op::broadcast, 1, 0},
                    Case{"send", NodeTopology::switched, Al::direct, Op::send_recv, 1, 0}),
    [](const testing::TestParamInfo<Case>& tested) { return std::string(tested.param.name); });

// What no schedule's closed form holds: a direct exchange beside a prefetch on the same DRAM.
TEST(CollectiveEngine, AScheduledAlgorithmAndAPrefetchShareTheDram) {
  ArchSpec arch = small_machine();
  arch.node = node_with(NodeTopology::fully_connected, Al::direct);
  Machine machine(arch);
  const TileKernel prefetch = load_kernel(1, 1600, 16 * kKiB, 1, 4);
  Program alone;
  alone.tasks.push_back({collective_task(arch.node, Op::all_reduce, 8 * kMiB, 8), {}});
  Program both = alone;
  both.tasks.push_back({prefetch, {}});
  const double collective_s = to_seconds(machine.run(alone, {}, false).time);
  const double prefetch_s = to_seconds(machine.run(program_of(prefetch), {}, false).time);
  const double both_s = to_seconds(machine.run(both, {}, false).time);
  EXPECT_GT(both_s, 1.1 * std::max(collective_s, prefetch_s));
  EXPECT_LT(both_s, 0.97 * (collective_s + prefetch_s));
}

// An array that the operator before left in the shared buffer is not read from DRAM.
TEST(CollectiveEngine, FindsItsArrayInTheSharedBuffer) {
  const ArchSpec arch = load_arch_named("gpu/a100-sxm-80gb");
  Machine machine(arch);
  const std::uint64_t bytes = 4 * kMiB;
  Program program;
  program.tasks.push_back({collective_task(arch.node, Op::all_reduce, bytes, 8), {}});
  const ProgramOutcome cold = machine.run(program, {}, false);
  const ProgramOutcome warm = machine.run(program, {{{TensorId{0}, Bytes{bytes}, Bytes{bytes}}}, {}}, false);
  EXPECT_GE(cold.counts.dram_read_bytes, bytes / 8);
  EXPECT_EQ(warm.counts.dram_read_bytes, 0U);
}

// Each sender's chunk has a place of its own: all of the array is written, not one chunk again and again.
TEST(CollectiveEngine, AnAllToAllFillsTheReceiversArray) {
  ArchSpec arch = small_machine();
  arch.shared_levels = {{64 * kMiB, 256, 1, 10}};
  arch.node = node_with(NodeTopology::switched, Al::direct);
  Machine machine(arch);
  const std::uint64_t bytes = 8 * kMiB;
  Program program;
  program.tasks.push_back({collective_task(arch.node, Op::all_to_all, bytes, 8), {}});
  const ProgramOutcome run = machine.run(program, {}, false);
  Bytes held;
  for (const ResidentTensor& r : run.on_chip.tensors) held += r.tensor == TensorId{1} ? r.bytes : Bytes{};
  EXPECT_NEAR(held.real() / static_cast<double>(bytes), 0.875, 0.01);
}

TEST(CollectiveEngine, MakesAnMoeExchangeOnEveryShippedNode) {
  for (const std::string& name : node_names()) {
    const NodeSpec node = load_node(name);
    const CollectiveChoice choice = choose_collective(node, Op::all_to_all, node.chips, kMiB);
    EXPECT_EQ(choice.algorithm, Al::direct) << name;
    EXPECT_GT(choice.predicted_s, static_cast<double>(kMiB) / 2 / node.link.bytes_per_s) << name;
  }
}

}  // namespace
}  // namespace orrery::test
