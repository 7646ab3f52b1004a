// Does every command keep every JEDEC spacing, and does the traffic come out as the closed forms say?

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "models/dram/cycle_dram_channel.h"
#include "models/dram/traffic_source.h"
#include "sim/config/dram_loader.h"
#include "sim/engine/systemc_session.h"
#include "sim/estimate/dram_energy.h"
#include "sim/probe/dram_probe.h"
#include "sim/util/random.h"

namespace orrery::test {
namespace {

struct Issued {
  DramCommand command;
  DramRequest request;
  DramTick at;
};

class Recorder final : public DramSink {
 public:
  void read_done(void* owner, DramTick t) override {
    (void)owner;
    EXPECT_GE(t, last);
    last = t;
    ++reads;
  }
  void command_issued(DramCommand command, const DramRequest& request, DramTick t) override {
    issued.push_back({command, request, t});
  }
  std::vector<Issued> issued;
  DramTick last = 0;
  std::uint64_t reads = 0;
};

// Random traffic of some locality through a scheduler, refresh far away.
std::vector<Issued> random_traffic(DramDevice device, std::uint64_t seed) {
  device.timing.trefi = UINT32_MAX / 4;
  device.refresh = DramRefresh::all_bank;
  device.controller.write_idle = 0;  // else the last few writes wait for more
  Recorder sink;
  const auto scheduler = make_dram_scheduler(device, sink);
  RandomStream random(seed);
  std::uint64_t sent = 0;
  std::uint64_t reads = 0;
  for (DramTick t = 0; sent < 4000 || !scheduler->idle(); ++t) {
    if (t > 1'000'000) {
      ADD_FAILURE() << "the queues do not drain";
      break;
    }
    while (sent < 4000 && random.uniform() < 0.7) {
      DramRequest r;
      r.write = random.uniform() < 0.35;
      if (scheduler->full(r.write)) break;
      r.bank = static_cast<std::uint32_t>(random.below(device.all_banks()));
      r.row = static_cast<std::uint32_t>(random.below(3));
      r.column = static_cast<std::uint32_t>(random.below(device.columns()));
      r.arrived = t;
      scheduler->add(r);
      ++sent;
      reads += r.write ? 0 : 1;
    }
    scheduler->step(t);
  }
  EXPECT_EQ(sink.reads, reads);
  return sink.issued;
}

// Checks pairs of commands against the timing set, straight from its definitions and slowly.
void check(const DramDevice& d, const std::vector<Issued>& commands) {
  const DramTimings& t = d.timing;
  const int tpc = d.bus.half_clock_rows ? 2 : 1;
  const auto length = [&](DramCommand c) {
    const double clocks = c == DramCommand::activate    ? d.bus.act_clocks
                          : c == DramCommand::precharge ? d.bus.precharge_clocks
                                                        : d.bus.column_clocks;
    return static_cast<DramTick>(std::lround(clocks * tpc));
  };
  // From the last clock of one command to the last of the next.
  const auto apart = [&](const Issued& a, const Issued& b) {
    return b.at + length(b.command) - (a.at + length(a.command));
  };
  using C = DramCommand;
  std::vector<std::int64_t> open(d.all_banks(), -1);
  const std::uint32_t bl = d.burst_clocks;
  for (std::size_t i = 0; i < commands.size(); ++i) {
    const Issued& b = commands[i];
    const std::uint32_t bank = b.request.bank;
    switch (b.command) {
      case C::activate:
        ASSERT_EQ(open[bank], -1);
        open[bank] = b.request.row;
        break;
      case C::precharge:
        ASSERT_NE(open[bank], -1);
        open[bank] = -1;
        break;
      case C::read:
      case C::write:
        ASSERT_EQ(open[bank], b.request.row) << "data of a row that is not open";
        break;
      case C::refresh:
        break;
    }
    int activates = 0;
    const std::size_t from = i > 400 ? i - 400 : 0;
    for (std::size_t j = i; j-- > from;) {
      const Issued& a = commands[j];
      const bool same_bank = a.request.bank == bank;
      const bool same_group = a.request.bank / d.banks_per_group == bank / d.banks_per_group;
      const bool same_rank =
          a.request.bank / (d.banks_per_group * d.bank_groups) == bank / (d.banks_per_group * d.bank_groups);
      const bool same_lane = a.request.bank / d.banks() == bank / d.banks();
      const bool window = d.stacked ? same_lane : same_rank;
      DramTick least = 0;
      const auto need = [&](std::uint32_t clocks) { least = std::max(least, DramTick{clocks} * tpc); };
      if (a.command == C::activate && b.command == C::activate) {
        if (same_bank) need(t.trc);
        if (same_group) need(t.trrd_l);
        if (window) {
          need(t.trrd_s);
          if (++activates == 4) need(t.tfaw);
        }
      }
      if (same_bank && a.command == C::activate && b.command == C::precharge) need(t.tras);
      if (same_bank && a.command == C::activate && b.command == C::read) need(t.trcd_rd);
      if (same_bank && a.command == C::activate && b.command == C::write) need(t.trcd_wr);
      if (same_bank && a.command == C::precharge && b.command == C::activate) need(t.trp);
      if (same_bank && a.command == C::read && b.command == C::precharge) need(t.trtp);
      if (same_bank && a.command == C::write && b.command == C::precharge) need(t.cwl + bl + t.twr);
      if (same_lane && a.command == C::read && b.command == C::read)
        need(same_group ? t.tccd_l : same_rank ? std::max(t.tccd_s, bl) : std::max(t.tccd_r, bl));
      if (same_lane && a.command == C::write && b.command == C::write)
        need(same_group ? t.tccd_l_wr : same_rank ? std::max(t.tccd_s_wr, bl) : std::max(t.tccd_r, bl));
      if (same_lane && a.command == C::read && b.command == C::write) need(t.trtw);
      if (a.command == C::write && b.command == C::read) {
        if (same_group) need(t.cwl + bl + t.twtr_l);
        if (window) need(t.cwl + bl + t.twtr_s);
      }
      if (window && a.command == C::precharge && b.command == C::precharge) need(t.tppd);
      // The bus both use.
      const bool column_a = a.command == C::read || a.command == C::write;
      const bool column_b = b.command == C::read || b.command == C::write;
      if (!d.bus.split || column_a == column_b) {
        ASSERT_GE(b.at - a.at, length(a.command)) << "two commands on one bus";
      }
      if (least > 0) {
        ASSERT_GE(apart(a, b), least) << "commands " << j << " (" << static_cast<int>(a.command) << ") and "
                                      << i << " (" << static_cast<int>(b.command) << ")";
      }
    }
  }
}

TEST(DramCommands, EveryPresetKeepsEverySpacing) {
  int checked = 0;
  for (const std::string& name : dram_preset_names()) {
    const DramDevice device = load_dram_device(name);
    SCOPED_TRACE(name);
    const std::vector<Issued> commands = random_traffic(device, 7);
    EXPECT_GE(commands.size(), 4000U);
    check(device, commands);
    ++checked;
  }
  EXPECT_GE(checked, 28);
}

TEST(DramCommands, ARowHitCapLetsTheOldRequestIn) {
  DramDevice device = load_dram_device("ddr4-3200");
  for (const std::uint32_t cap : {0U, 4U}) {
    device.controller.row_hit_cap = cap;
    device.timing.trefi = UINT32_MAX / 4;
    Recorder sink;
    const auto scheduler = make_dram_scheduler(device, sink);
    // Row 0 first, then one request to row 1, then hits to row 0 without end.
    std::uint32_t column = 0;
    DramRequest r;
    scheduler->add(r);
    r.row = 1;
    scheduler->add(r);
    r.row = 0;
    DramTick other = -1;
    for (DramTick t = 0; t < 3000; ++t) {
      while (!scheduler->full(false)) {
        r.column = ++column % device.columns();
        scheduler->add(r);
      }
      scheduler->step(t);
    }
    std::size_t hits = 0;
    for (const Issued& i : sink.issued) {
      if (i.command == DramCommand::read && i.request.row == 1 && other < 0) other = i.at;
      if (i.command == DramCommand::read && i.request.row == 0 && other < 0) ++hits;
    }
    if (cap == 0) {
      EXPECT_LT(other, 0) << "hits without end keep the row open: what the cap is for";
    } else {
      EXPECT_GE(other, 0);
      EXPECT_LE(hits, 6U);
    }
  }
}

TEST(DramProbe, RowConflictTakesOneRowCycleABurst) {
  for (const char* name : {"ddr4-3200", "hbm2-2400", "hbm3-5200", "gddr6-14000"}) {
    const DramDevice d = load_dram_device(name);
    DramProbe probe;
    probe.dram = bare_dram(d, 1);
    probe.pattern = "rowconflict";
    for (const ProbeFidelity f : {ProbeFidelity::tile}) {
      probe.fidelity = f;
      const double bound = static_cast<double>(d.burst_bytes()) / (d.timing.trc * d.clock_ns) *
                           (1 - static_cast<double>(d.timing.trfc) / d.timing.trefi);
      EXPECT_NEAR(run_dram_probe(probe).achieved_gb_per_s / bound, 1, 0.03) << name;
    }
  }
}

// DRAMsim3 and Ramulator 2.1 runs with the same timings (their figures in GB/s and ns).
struct Cited {
  const char *preset, *mapping, *pattern, *load;
  double gb_per_s, latency_ns;
};

void expect_cited(const Cited& c, ProbeFidelity fidelity, double throughput, double latency_ns) {
  DramProbe probe;
  probe.dram = bare_dram(load_dram_device(c.preset), 1);
  probe.mapping = c.mapping;
  probe.pattern = c.pattern;
  probe.load = c.load;
  probe.fidelity = fidelity;
  const DramProbeResult r = run_dram_probe(probe);
  EXPECT_NEAR(r.achieved_gb_per_s / c.gb_per_s, 1, throughput) << c.preset << " " << c.pattern;
  if (c.latency_ns > 0) {
    EXPECT_NEAR(r.latency_ns, c.latency_ns, latency_ns) << c.preset << " " << c.pattern;
  }
}

constexpr Cited kHbm2 = {"dramsim3-hbm2-8gb-x128", "rorabacochbg", "seq_read", "saturating", 29.4106, 0};
constexpr Cited kHbm2Random = {
    "dramsim3-hbm2-8gb-x128", "rorabacochbg", "rand_read", "dependent", 1.3617, 45.999};
constexpr Cited kHbm3Mix = {
    "ramulator-hbm3-16gb-8hi-hbm3-6400mbps", "ro-ra-ba-co-bg-pc", "mix21", "saturating", 32.0218, 0};
constexpr Cited kDdr5Column = {
    "ramulator-ddr5-16gb-x8-ddr5-4800bn", "ro-ra-ba-bg-co", "seq_write", "saturating", 5.6827, 0};

TEST(DramProbe, CycleStreamsAsDramsim3Does) {
  expect_cited(kHbm2, ProbeFidelity::cycle, 0.01, 0);
}
TEST(DramProbe, CycleRandomLatencyAsDramsim3) {
  expect_cited(kHbm2Random, ProbeFidelity::cycle, 0.01, 0.5);
}
TEST(DramProbe, CycleMixesAsRamulatorDoes) {
  expect_cited(kHbm3Mix, ProbeFidelity::cycle, 0.02, 0);
}
TEST(DramProbe, CycleDdr5WritesToOneBankGroupAreSlow) {
  expect_cited(kDdr5Column, ProbeFidelity::cycle, 0.01, 0);
}
TEST(DramProbe, TileFindsTheSame) {
  expect_cited(kHbm2, ProbeFidelity::tile, 0.03, 0);
  expect_cited(kHbm2Random, ProbeFidelity::tile, 0.05, 3);
  expect_cited(kHbm3Mix, ProbeFidelity::tile, 0.1, 0);
  expect_cited(kDdr5Column, ProbeFidelity::tile, 0.03, 0);
}

TEST(DramProbe, PerBankRefreshBlocksOneBankOnly) {
  DramProbe probe;
  probe.dram = bare_dram(load_dram_device("hbm3e-9200"), 1);
  probe.dram.device.refresh = DramRefresh::per_bank;
  const DramProbeResult r = run_dram_probe(probe);
  EXPECT_GT(r.share_of_peak, 0.6);
  EXPECT_LT(r.share_of_peak, 1.0);
}

TEST(DramProbe, ClosedPagesMakeEveryRandomReadAMiss) {
  DramProbe probe;
  probe.dram = bare_dram(load_dram_device("ddr4-3200"), 1);
  probe.dram.device.controller.page_policy = DramPagePolicy::closed;
  probe.pattern = "rand_read";
  probe.load = "dependent";
  const DramDevice& d = probe.dram.device;
  // No precharge on the way: tRCD + CL + burst, and now and then a refresh.
  const double idle = (d.timing.trcd_rd + d.timing.cl + d.burst_clocks) * d.clock_ns;
  const DramProbeResult r = run_dram_probe(probe);
  EXPECT_GT(r.latency_ns, idle - 1);
  EXPECT_LT(r.latency_ns, idle + 14);
}

// Counts times currents, by hand: 8 devices, 1.2 V, 10 activates, 100 reads in 1 us of which 0.5 with a row
// open.
TEST(DramEnergy, IsWhatTheCurrentsSay) {
  const DramDevice d = load_dram_device("dramsim3-ddr4-8gb-x8-3200");
  DramActivity a;
  a.activates = 10;
  a.reads = 100;
  a.seconds = 1e-6;
  a.active_seconds = 0.5e-6;
  const double pj =
      1.2 * 8 * (0.63 * (10 * (57 * 74 - (52 * 52 + 37 * 22)) + 100 * (168 - 52) * 4) + 500 * 52 + 500 * 37);
  EXPECT_NEAR(dram_core_energy_j(d, a) * 1e12, pj, 1e-6 * pj);
}

// Another TLM memory at the same door: blocking transport only, and it waits.
class SlowMemory : public sc_core::sc_module {
 public:
  tlm_utils::simple_target_socket<SlowMemory> socket;
  explicit SlowMemory(const sc_core::sc_module_name& name) : sc_module(name), socket("socket") {
    socket.register_b_transport(this, &SlowMemory::b_transport);
  }
  std::uint64_t served = 0;

 private:
  void b_transport(tlm::tlm_generic_payload& payload, sc_core::sc_time&) {
    wait(100, sc_core::SC_NS);
    payload.set_response_status(tlm::TLM_OK_RESPONSE);
    ++served;
  }
};

TEST(TlmDoor, AnotherMemoryThatWaitsTakesTheChannelsPlace) {
  const DramDevice device = load_dram_device("ddr4-3200");
  const DramMapping mapping(DramMapping::default_order(), device, 1);
  prepare_systemc();
  TrafficSource source("source", AccessPattern("seq_read", mapping, 64), mapping, 64, {},
                       sc_core::sc_time(1, sc_core::SC_NS), 1, sc_core::SC_ZERO_TIME);
  SlowMemory memory("memory");
  source.socket(0).bind(memory.socket);
  start_simulation(from_ns(10'050));
  EXPECT_NEAR(static_cast<double>(memory.served), 100, 1);
  EXPECT_NEAR(static_cast<double>(source.result().reads), 100, 1);
}

// And another initiator: a thread with blocking calls.
class Asker : public sc_core::sc_module {
 public:
  tlm_utils::simple_initiator_socket<Asker> socket;
  Asker(const sc_core::sc_module_name& name, const DramDevice& device) : sc_module(name), socket("socket") {
    bytes_ = static_cast<unsigned>(device.burst_bytes());
    SC_HAS_PROCESS(Asker);
    SC_THREAD(run);
  }
  double read_ns = 0;

 private:
  unsigned bytes_;
  void run() {
    std::vector<unsigned char> data(bytes_);
    tlm::tlm_generic_payload payload;
    payload.set_command(tlm::TLM_READ_COMMAND);
    payload.set_data_ptr(data.data());
    payload.set_data_length(bytes_);
    payload.set_streaming_width(bytes_);
    payload.set_address(0);
    sc_core::sc_time delay = sc_core::SC_ZERO_TIME;
    const sc_core::sc_time before = sc_core::sc_time_stamp();
    socket->b_transport(payload, delay);
    read_ns = (sc_core::sc_time_stamp() - before).to_seconds() * 1e9;
    EXPECT_EQ(payload.get_response_status(), tlm::TLM_OK_RESPONSE);
  }
};

TEST(TlmDoor, TheChannelServesABlockingInitiator) {
  const DramDevice device = load_dram_device("ddr4-3200");
  const DramMapping mapping(DramMapping::default_order(), device, 1);
  prepare_systemc();
  Asker asker("asker", device);
  CycleDramChannel channel("channel", device, mapping);
  asker.socket.bind(channel.socket);
  start_simulation(from_ns(1000));
  // A closed bank: activate, read, burst.
  EXPECT_NEAR(asker.read_ns,
              (device.timing.trcd_rd + device.timing.cl + device.burst_clocks) * device.clock_ns,
              2 * device.clock_ns);
}

}  // namespace
}  // namespace orrery::test
