// Contention comes out of the simulation: results that no single timing function contains.

#include <gtest/gtest.h>

#include <queue>

#include "models/factory.h"
#include "models/memory/shared_buffer.h"
#include "sim/config/arch_loader.h"
#include "sim/engine/machine.h"
#include "sim/timing/collective_timing.h"
#include "sim/timing/dram/dram_timing.h"
#include "tests/support/machine_name.h"
#include "tests/support/programs.h"
#include "tests/support/random_operator.h"
#include "tests/support/small_machine.h"

namespace orrery::test {
namespace {

constexpr std::uint64_t kStreamTile = 16 * kKiB;

Femtoseconds run_time(Machine& machine, const Program& program) {
  return machine.run(program, {}, false).time;
}

TEST(Contention, TwoDmaStreamsOnOneChannelTakeAsLongAsTheirBytesTogether) {
  ArchSpec arch = small_machine();
  arch.cores.count = 2;
  Machine machine(arch);
  // Core 0 streams 100 tiles alone; then beside core 1 that streams 100 too; then beside one that streams 25.
  const double alone = to_seconds(run_time(machine, program_of(load_kernel(1, 100, kStreamTile, 1, 4))));
  const double both = to_seconds(run_time(machine, program_of(load_kernel(2, 100, kStreamTile, 2, 4))));
  EXPECT_NEAR(both / alone, 2.0, 0.02);
  // With a second channel they no longer disturb each other.
  EXPECT_GT(alone, 100 * kStreamTile / arch.dram.peak_bytes_per_s());
}

TEST(Contention, ACollectiveAndAPrefetchSlowEachOtherDownOnSharedDram) {
  ArchSpec arch = small_machine();
  arch.node = ring_node(4, 10e9, 100, 100);  // 10 GB/s of links read and write: 20 of the 25.6 GB/s of DRAM
  arch.dram.device.controller.write_queue = 256;  // which turn the bus seldom
  Machine machine(arch);
  const CollectiveTask all_reduce = collective_task(arch.node, CollectiveOperation::all_reduce, 8 * kMiB, 4);
  const TileKernel prefetch = load_kernel(1, 1600, kStreamTile, 1, 4);
  Program collective_alone;
  collective_alone.tasks.push_back({all_reduce, {}});
  Program both;
  both.tasks.push_back({all_reduce, {}});
  both.tasks.push_back({prefetch, {}});
  const double collective_s = to_seconds(run_time(machine, collective_alone));
  const double prefetch_s = to_seconds(run_time(machine, program_of(prefetch)));
  const double both_s = to_seconds(run_time(machine, both));
  EXPECT_GT(both_s, 1.1 * std::max(collective_s, prefetch_s));  // no overlap for free
  EXPECT_LT(both_s, 0.95 * (collective_s + prefetch_s));        // and not one after the other
}

TEST(Contention, ARingAllReduceOnIdleLinksMeetsItsClosedForm) {
  ArchSpec arch = small_machine();
  arch.dram.channels = 64;  // memory out of the way
  arch.network.port_bytes_per_cycle = 1e6;
  arch.node = ring_node(8, 10e9, 500, 300);
  Machine machine(arch);
  for (const std::uint32_t devices : {2U, 3U, 4U, 8U}) {
    for (const std::uint64_t bytes : {std::uint64_t{4096}, std::uint64_t{1} << 20, std::uint64_t{1} << 24}) {
      Program program;
      program.tasks.push_back(
          {collective_task(arch.node, CollectiveOperation::all_reduce, bytes, devices), {}});
      const double wire = ring_collective_s(CollectiveOperation::all_reduce, arch.node,
                                            arch.node.protocols[0], bytes, devices);
      const double reads = 1e-9 * DramTiming(arch.dram).read_latency_ns() * 2 * (devices - 1);
      // Between the wire alone and a memory read before each step.
      const double simulated = to_seconds(run_time(machine, program));
      EXPECT_GT(simulated, 0.999 * wire) << devices << " x " << bytes;
      EXPECT_LT(simulated, 1.02 * (wire + reads)) << devices << " x " << bytes;
    }
  }
}

class ShippedRing : public testing::TestWithParam<std::string> {};

// A large array on a shipped machine: what its links allow, plus a memory latency a step.
TEST_P(ShippedRing, MovesLargeArraysAtTheSpeedOfItsLinks) {
  const ArchSpec arch = load_arch_named(GetParam());
  Machine machine(arch);
  const std::uint64_t bytes = 64 * kMiB;
  for (const CollectiveOperation kind : {CollectiveOperation::all_reduce, CollectiveOperation::all_gather,
                                         CollectiveOperation::reduce_scatter}) {
    Program program;
    program.tasks.push_back({collective_task(arch.node, kind, bytes, 4), {}});
    const ProgramOutcome run = machine.run(program, {}, false);
    const CollectiveChoice choice = choose_collective(arch.node, kind, 4, bytes);
    const double wire = ring_collective_s(kind, arch.node, arch.node.protocols[choice.protocol], bytes, 4);
    EXPECT_GE(to_seconds(run.time), wire);
    EXPECT_LT(to_seconds(run.time), 1.15 * wire + 2e-6);
    const std::uint64_t sent = ring_steps(kind, 4) * ring_chunk_bytes(bytes, 4);
    EXPECT_EQ(run.counts.link_bytes, sent);
    // Sums also read the chip's own part.
    const std::uint64_t summed = kind == CollectiveOperation::all_gather ? 0 : 3 * ring_chunk_bytes(bytes, 4);
    EXPECT_EQ(run.counts.requested_read_bytes, sent + summed);
    EXPECT_EQ(run.counts.requested_write_bytes, sent);
  }
}

INSTANTIATE_TEST_SUITE_P(Machines, ShippedRing,
                         testing::Values("gpu/a100-sxm-80gb", "gpu/h100-sxm", "asic/tpu-v5e", "asic/tpu-v4i",
                                         "fpga/u280-x4-dfx"),
                         machine_test_name);

// Drives a granule interface: `window` granules in flight each, the list's granules in order.
class Requester : public sc_core::sc_module {
 public:
  Requester(const sc_core::sc_module_name& name, GranuleInterface& target, std::vector<Granule> granules,
            std::size_t window)
      : sc_module(name), target_(target), granules_(std::move(granules)), done_(window, 0) {
    SC_HAS_PROCESS(Requester);
    SC_METHOD(step);
  }
  Femtoseconds end = 0;

 private:
  GranuleInterface& target_;
  std::vector<Granule> granules_;
  std::vector<Femtoseconds> done_;
  std::size_t next_ = 0;

  void step() {
    while (next_ < granules_.size()) {
      Femtoseconds& slot = done_[next_ % done_.size()];
      if (slot > now_fs()) {
        next_trigger(fs_time(slot - now_fs()));
        return;
      }
      slot = target_.reserve(granules_[next_++], now_fs()).done();
      end = std::max(end, slot);
    }
  }
};

TEST(Contention, ASlowSliceHoldsUpTransfersStripedOverAllOfThem) {
  sc_core::sc_set_time_resolution(1, sc_core::SC_FS);
  ArchSpec arch = small_machine();
  arch.dram.channels = 8;
  TileChip chip(arch);
  // Another client keeps channel 3 busy for 50 us; a stream of 8 MiB over all channels needs 43 us on its
  // own.
  chip.dram->reserve_channel(ChannelId{3}, Bytes{static_cast<std::uint64_t>(50e-6 * 24.45e9)}, 0);
  std::vector<Granule> stream(128);
  for (Granule& g : stream) g.bytes = g.tile_bytes = Bytes{64 * kKiB};
  Requester requester("requester", *chip.network, stream, 4);
  sc_core::sc_start();
  const double alone = 8 * 1024.0 * 1024.0 / DramTiming(arch.dram).stream_bytes_per_s();
  EXPECT_NEAR(to_seconds(requester.end), alone + 50e-6, 0.02 * (alone + 50e-6));
}

// The reference: chunks of granules that queue at each hop in order of arrival (DRAM, then shared buffer,
// then the core's port), an event a hop.
class HopReference {
 public:
  struct Hop {
    double fs_per_byte;
    Femtoseconds latency;  // after it
  };
  HopReference(Hop dram, Hop shared, Hop port, std::size_t cores)
      : dram_(dram), shared_(shared), port_(port), port_free_(cores, 0) {}

  // lists[c]: granules of core c with whether they hit the shared buffer. Returns when the last one is done.
  Femtoseconds run(const std::vector<std::vector<std::pair<Granule, bool>>>& lists, std::size_t window) {
    lists_ = &lists;
    next_.assign(lists.size(), 0);
    for (std::uint32_t c = 0; c < lists.size(); ++c) {
      for (std::size_t w = 0; w < window; ++w) issue(c, 0);
    }
    Femtoseconds end = 0;
    while (!events_.empty()) {
      const Event e = events_.top();
      events_.pop();
      const Granule& g = (*lists_)[e.core][e.granule].first;
      const double bytes = g.bytes.real() / kChunks;
      if (e.hop == 0) {
        push(e, 1, serve(dram_free_, e.at, dram_, bytes));
      } else if (e.hop == 1) {
        push(e, 2, serve(shared_free_, e.at, shared_, bytes));
      } else {
        const Femtoseconds done = serve(port_free_[e.core], e.at, port_, bytes);
        end = std::max(end, done);
        if (e.chunk == kChunks - 1) issue(e.core, done);
      }
    }
    return end;
  }

 private:
  static constexpr int kChunks = 16;
  struct Event {
    Femtoseconds at;
    std::uint64_t sequence;
    std::uint32_t core;
    std::size_t granule;
    int chunk, hop;
    bool operator<(const Event& o) const { return at != o.at ? at > o.at : sequence > o.sequence; }
  };
  Hop dram_, shared_, port_;
  Femtoseconds dram_free_ = 0, shared_free_ = 0;
  std::vector<Femtoseconds> port_free_;
  std::priority_queue<Event> events_;
  std::uint64_t sequence_ = 0;
  std::vector<std::size_t> next_;
  const std::vector<std::vector<std::pair<Granule, bool>>>* lists_ = nullptr;

  static Femtoseconds serve(Femtoseconds& free, Femtoseconds at, const Hop& hop, double bytes) {
    free = std::max(free, at) + static_cast<Femtoseconds>(bytes * hop.fs_per_byte);
    return free + hop.latency;
  }
  void push(Event e, int hop, Femtoseconds at) {
    e.hop = hop;
    e.at = at;
    e.sequence = sequence_++;
    events_.push(e);
  }
  void issue(std::uint32_t core, Femtoseconds at) {
    if (next_[core] == (*lists_)[core].size()) return;
    const std::size_t granule = next_[core]++;
    for (int chunk = 0; chunk < kChunks; ++chunk) {
      push({0, 0, core, granule, chunk, 0}, (*lists_)[core][granule].second ? 1 : 0, at);
    }
  }
};

// Eight cores, mixed sizes, a share of hits, more asked than the DRAM (or the buffer) can give.
void expect_like_the_reference(double hit_share, std::size_t window, std::uint64_t seed) {
  ArchSpec arch = small_machine();
  arch.cores.count = 8;
  arch.dram.channels = 4;
  arch.dram.controller_latency_ns = 200;
  arch.network = {64, 40, 1};                         // 64 GB/s a port
  arch.shared_levels = {{256 * kMiB, 160, 1.0, 60}};  // 160 GB/s
  static bool prepared = false;
  if (!prepared) sc_core::sc_set_time_resolution(1, sc_core::SC_FS);
  prepared = true;
  TileChip chip(arch);
  constexpr std::uint32_t kGranules = 150;
  // Entry 0 of each core's range is resident; hits ask for it, misses for one never seen.
  std::vector<TileRange> ranges;
  for (std::uint32_t c = 0; c < 8; ++c) {
    ranges.push_back(
        {TensorId{c}, std::vector<Bytes>(kGranules + 1, Bytes{48 * kKiB}), Bytes{48 * kKiB}, {}});
  }
  chip.shared->begin(ranges, {});
  Random random(seed);
  std::vector<std::vector<std::pair<Granule, bool>>> lists(8);
  std::vector<std::unique_ptr<Requester>> requesters;
  for (std::uint32_t c = 0; c < 8; ++c) {
    std::vector<Granule> plain;
    for (std::uint32_t i = 0; i < kGranules; ++i) {
      Granule g;
      g.source = CoreId{c};
      g.bytes = g.tile_bytes = Bytes{(8 + random.below(40)) * kKiB};
      const bool hit = static_cast<double>(random.below(1000)) < 1000 * hit_share;
      g.entry = c * (kGranules + 1) + (hit ? kGranules : i);
      lists[c].emplace_back(g, hit);
      plain.push_back(g);
    }
    requesters.push_back(
        std::make_unique<Requester>(("requester" + std::to_string(c)).c_str(), *chip.network, plain, window));
  }
  sc_core::sc_start();
  Femtoseconds simulated = 0;
  for (const auto& r : requesters) simulated = std::max(simulated, r->end);
  const DramTiming timing(arch.dram);
  HopReference reference({1e15 / timing.stream_bytes_per_s(), from_ns(timing.read_latency_ns() + 200)},
                         {1e15 / 160e9, from_ns(60)}, {1e15 / 64e9, from_ns(40)}, 8);
  const Femtoseconds expected = reference.run(lists, window);
  EXPECT_NEAR(static_cast<double>(simulated) / static_cast<double>(expected), 1, 0.02);
}

TEST(Calendars, AgreeWithAnEventAtEachHopWhenDramIsCongested) {
  expect_like_the_reference(0.3, 4, 1);
}
TEST(Calendars, AgreeWithAnEventAtEachHopWhenTheSharedBufferIsCongested) {
  expect_like_the_reference(0.9, 4, 2);
}
TEST(Calendars, AgreeWithAnEventAtEachHopWhenBothAreNearTheirLimits) {
  expect_like_the_reference(0.6, 4, 3);
}
TEST(Calendars, AgreeWithAnEventAtEachHopWithFewInFlight) {
  expect_like_the_reference(0.5, 2, 4);
}

// A buffer of two partitions whose crossing is narrower than its slices: hits move at the crossing's pace.
TEST(Contention, ANarrowWayBetweenPartitionsBoundsTheSharedBuffer) {
  ArchSpec arch = load_arch_named("gpu/a100-sxm-80gb");
  const ClockDomain clock(arch.clock_hz);
  SramLevelSpec spec = arch.shared_levels.front();
  spec.partitions = 1;
  const auto finish = [&](const char* name) {
    ActivityCounts counts;
    SharedBuffer buffer(name, spec, clock, counts);
    TileRange range;
    range.tile_bytes = {Bytes{kMiB}};
    range.resident_bytes = Bytes{kMiB};
    buffer.begin({range}, {});
    Granule g;
    g.entry = 0;
    g.bytes = g.tile_bytes = Bytes{kMiB};
    return buffer.reserve(g, 0);
  };
  const Reservation whole = finish("whole");
  spec.partitions = 2;
  spec.far_latency_ns = 100;
  spec.far_bytes_per_cycle = 200;
  const Reservation split = finish("split");
  EXPECT_EQ(split.latency - whole.latency, from_ns(100));
  // Half of a MiB over two ways of 200 bytes a cycle.
  EXPECT_NEAR(static_cast<double>(split.finish), clock.fs_per_cycle() * (1 << 20) / 2 / 400, 1e6);
  EXPECT_GT(split.finish, whole.finish);
}

}  // namespace
}  // namespace orrery::test
