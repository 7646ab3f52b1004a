// A machine's routed network: ways that share a channel wait for each other, a multicast is sent once.

#include "models/noc/routed_network.h"

#include <gtest/gtest.h>

#include "sim/config/arch_loader.h"
#include "sim/config/noc_loader.h"
#include "sim/engine/kernel_run.h"
#include "sim/engine/systemc_session.h"
#include "tests/support/config_error.h"

namespace orrery::test {
namespace {

constexpr std::uint64_t kBytes = 64 * kKiB;  // of a granule

// Memory that answers at once.
class InstantMemory : public sc_core::sc_module, public GranuleInterface {
 public:
  sc_core::sc_export<GranuleInterface> port;
  std::uint64_t bytes = 0;
  explicit InstantMemory(const sc_core::sc_module_name& name) : sc_module(name) { port.bind(*this); }
  Reservation reserve(const Granule& granule, Femtoseconds t) override {
    bytes += granule.bytes.value();
    return {t, 0, TimeCategory::dram};
  }
};

// A 4 x 4 mesh with memory at node 0; 1 byte a cycle at 1 GHz.
struct Bench {
  ActivityCounts counts;
  ClockDomain clock{1e9};
  InstantMemory memory{"memory"};
  RoutedNetwork network;
  explicit Bench(bool multicast, std::vector<std::uint32_t> memory_nodes = {0}, std::uint32_t cores = 15)
      : network("network", spec(multicast, std::move(memory_nodes)), Bytes{8}, 0, cores, clock, counts) {
    network.memory.bind(memory.port);
    start_simulation(0);
  }
  static NetworkSpec spec(bool multicast, std::vector<std::uint32_t> memory_nodes) {
    NetworkSpec s;
    s.port_bytes_per_cycle = 1;
    s.routed = noc_from("mesh", 4, 2, NocRouting::xy, load_router("mesh88_lat_example"));
    s.memory_nodes = std::move(memory_nodes);
    s.multicast = multicast;
    return s;
  }
  // Seconds a read by `node` takes, asked at time 0.
  double read(std::uint32_t node, std::uint32_t entry) {
    Granule g;
    g.source = CoreId{node - 1};  // node 0 is the memory's
    g.entry = entry;
    g.bytes = g.tile_bytes = Bytes{kBytes};
    return to_seconds(network.reserve(g, 0).done());
  }
};

TEST(RoutedNetwork, ReadsThatShareAChannelTakeTheirBytesTogether) {
  prepare_systemc();
  Bench bench(false);
  const double service = kBytes * 1e-9;
  const double first = bench.read(1, 1);   // along the first row
  const double second = bench.read(3, 2);  // the same row: waits for the memory's channel
  EXPECT_NEAR(first, service, 0.02 * service);
  EXPECT_NEAR(second, 2 * service, 0.02 * service);
  // Each hop of a way of 7 channels costs its routers and links.
  bench.network.reset();
  EXPECT_GT(bench.read(15, 3) - service, 4e-9 * 6);
}

TEST(RoutedNetwork, MemoryAtFourCornersSharesTheLoad) {
  prepare_systemc();
  Bench bench(false, {0, 3, 12, 15}, 12);
  Granule g;
  g.source = CoreId{4};
  g.bytes = g.tile_bytes = Bytes{kBytes};
  const double service = kBytes * 1e-9;
  // The core's own channel carries all of it, a quarter at a time.
  EXPECT_NEAR(to_seconds(bench.network.reserve(g, 0).done()), service, 0.05 * service);
  // Another core meets it on the memory's channels only.
  g.source = CoreId{9};
  EXPECT_LT(to_seconds(bench.network.reserve(g, 0).done()), 1.6 * service);
}

TEST(RoutedNetwork, AMulticastIsSentOnceOverTheWaysItShares) {
  prepare_systemc();
  Bench bench(true);
  const double service = kBytes * 1e-9;
  for (const std::uint32_t node : {1U, 2U, 3U, 7U}) {
    EXPECT_NEAR(bench.read(node, 5), service, 0.02 * service) << node;
  }
  EXPECT_EQ(bench.memory.bytes, kBytes);  // read once
  EXPECT_EQ(bench.counts.multicast_bytes, 3 * kBytes);
  // Another tile, or the same one once it is on its way, is a transfer of its own.
  EXPECT_NEAR(bench.read(1, 6), 2 * service, 0.02 * service);
  EXPECT_EQ(bench.memory.bytes, 2 * kBytes);
}

// Four memory nodes send four different parts: a core's port carries them all, multicast or not.
TEST(RoutedNetwork, AMulticastFromSeveralMemoriesStillFillsTheCoresPort) {
  prepare_systemc();
  Bench bench(true, {0, 3, 12, 15}, 12);
  Granule g;
  g.source = CoreId{4};
  g.entry = 7;
  g.bytes = g.tile_bytes = Bytes{kBytes};
  EXPECT_GT(to_seconds(bench.network.reserve(g, 0).done()), 0.99 * kBytes * 1e-9);
}

TEST(RoutedNetwork, TooFewNodesAreRefused) {
  NetworkSpec spec = Bench::spec(false, {0});
  const std::string why = config_error([&] { place_cores(NocGraph(*spec.routed), spec, 16); });
  EXPECT_NE(why.find("16 nodes: too few for 16 cores"), std::string::npos) << why;
}

// A whole kernel on the shipped machine: the operand that all cores of a column share comes once.
TEST(RoutedNetwork, AMachineOnAMeshSavesMemoryReadsByMulticast) {
  const ArchSpec arch = load_arch_named("asic/mesh-npu");
  ASSERT_TRUE(arch.network.multicast);
  const KernelResult r = run_kernel(standalone_matmul({1, 2048, 512, 512}, DType::int8), arch, {});
  EXPECT_GT(r.counts.multicast_bytes, r.counts.requested_read_bytes / 20);
  EXPECT_EQ(r.counts.levels[0].read_bytes + r.counts.multicast_bytes, r.counts.requested_read_bytes);
  EXPECT_EQ(r.counts.total_macs(), 2048ULL * 512 * 512);
}

}  // namespace
}  // namespace orrery::test
