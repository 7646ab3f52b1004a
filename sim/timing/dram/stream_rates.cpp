#include "sim/timing/dram/stream_rates.h"

#include <algorithm>
#include <cstring>
#include <map>
#include <mutex>
#include <vector>

#include "sim/config/dram_mapping.h"
#include "sim/timing/dram/dram_scheduler.h"
#include "sim/util/random.h"
#include "sim/util/units.h"

namespace orrery {
namespace {

struct DramBurst {
  DramAddress place;
  bool write = false;
};

class Ignore final : public DramSink {
 public:
  void read_done(void* /*owner*/, DramTick /*t*/) override {}
};

DramRequest request_of(const DramDevice& device, const DramBurst& burst, DramTick now) {
  const DramAddress& a = burst.place;
  const std::uint32_t group = a.rank * device.bank_groups + a.bank_group;
  DramRequest request;
  request.bank = a.pseudo_channel * device.banks() + group * device.banks_per_group + a.bank;
  request.row = a.row;
  request.column = a.column;
  request.write = burst.write;
  request.arrived = now;
  return request;
}

constexpr DramTick kLongestInterval = 1 << 16;  // ticks: a rarer refresh is not waited for

// Where and how long a stream is watched.
struct Watch {
  DramTick begin, from, end;  // before `from` the queues fill
  double refreshing = 0;      // of the time, by refreshes that lie outside
};

// From a little before the first refresh, or long enough for writes to be drained again and again, to the
// same place some intervals later: with as many refreshes, of all banks or of each.
Watch watch(const DramDevice& device, DramTick edges, int intervals, bool drains) {
  const DramTick interval = DramTick{device.timing.trefi} * edges;
  if (interval > kLongestInterval) {
    const double share = static_cast<double>(device.timing.trfc + device.timing.trp) / device.timing.trefi;
    return {0, kLongestInterval / 8, kLongestInterval / 2, share};
  }
  const DramTick from = interval - interval / 16;
  return {drains ? 0 : interval - interval / 8, from, from + intervals * interval, 0};
}

// What a burst takes when `next` keeps the channel's queues full.
template <class Next>
DramStreamRate scheduled(const DramDevice& device, int intervals, bool drains, Next next) {
  Ignore sink;
  const auto scheduler = make_dram_scheduler(device, sink);
  const DramCommandCounts& counts = scheduler->counts();
  const std::uint32_t edges = scheduler->timing().ticks_per_clock();
  const Watch w = watch(device, edges, intervals, drains);
  DramCommandCounts before;
  DramBurst ahead = next();
  DramTick now = w.begin;
  while (now < w.end) {
    while (!scheduler->full(ahead.write)) {
      scheduler->add(request_of(device, ahead, now));
      ahead = next();
    }
    const DramTick idle_until = scheduler->step(now);
    if (now < w.from) before = counts;
    // A queue with places left is filled in the next tick.
    now = scheduler->full(ahead.write) ? std::max(now + 1, idle_until) : now + 1;
  }
  const double served =
      std::max(1.0, static_cast<double>(counts.reads + counts.writes - before.reads - before.writes));
  const double ns = static_cast<double>(w.end - w.from) / edges * device.clock_ns;
  return {ns / served / (1 - w.refreshing),
          static_cast<double>(counts.activates - before.activates) / served};
}

// Blocks of consecutive bursts at random places.
class Blocks {
 public:
  Blocks(const DramDevice& device, std::uint64_t block_bursts, std::uint64_t seed)
      : device_(device),
        block_(std::min(block_bursts, device.capacity_bytes() / device.burst_bytes())),
        blocks_(device.capacity_bytes() / device.burst_bytes() / block_),
        random_(seed) {}

  DramAddress next() {
    if (at_ == 0) first_ = random_.below(blocks_) * block_;
    const std::uint64_t burst = first_ + at_;
    at_ = (at_ + 1) % block_;
    return place_of(burst);
  }

 private:
  const DramDevice& device_;
  std::uint64_t block_, blocks_;
  RandomStream random_;
  std::uint64_t first_ = 0, at_ = 0;

  DramAddress place_of(std::uint64_t burst) const {
    const auto take = [&burst](std::uint32_t extent) {
      const std::uint64_t digit = burst % extent;
      burst /= extent;
      return static_cast<std::uint32_t>(digit);
    };
    DramAddress a;
    a.pseudo_channel = take(device_.pseudo_channels);
    a.bank_group = take(device_.bank_groups);
    a.column = take(device_.columns());
    a.bank = take(device_.banks_per_group);
    a.rank = take(device_.ranks);
    a.row = take(device_.rows);
    return a;
  }
};

constexpr std::uint64_t kBlockBytes = 8192;

DramStreamRate blocks(const DramDevice& device, std::uint64_t block_bytes, const char* directions) {
  const std::uint64_t bursts = std::max<std::uint64_t>(1, block_bytes / device.burst_bytes());
  Blocks reads(device, bursts, 1);
  Blocks writes(device, bursts, 2);
  const bool drains = std::strchr(directions, 'w') != nullptr && directions[0] == 'r';
  std::size_t turn = 0;
  return scheduled(device, drains ? 2 : 1, drains, [&]() -> DramBurst {
    const bool write = directions[turn++ % std::strlen(directions)] == 'w';
    return {write ? writes.next() : reads.next(), write};
  });
}

DramStreamRate lone_stream(const DramDevice& device, const DramMapping& mapping, const char* directions) {
  const std::uint64_t capacity = mapping.capacity_bytes();
  std::uint64_t at[2] = {0, capacity / 2};
  if (directions[0] == 'w') at[1] = 0;
  std::size_t turn = 0;
  return scheduled(device, 3, true, [&]() -> DramBurst {
    const bool write = directions[turn++ % std::strlen(directions)] == 'w';
    const std::uint64_t address = at[write];
    at[write] = (address + device.burst_bytes()) % capacity;
    return {mapping.decode(address), write};
  });
}

// What was measured, one measurement at a time.
template <class Rates>
class Known {
 public:
  template <class Measure>
  const Rates& get(std::vector<double> key, Measure measure) {
    const std::lock_guard<std::mutex> guard(lock_);
    const auto found = rates_.find(key);
    if (found != rates_.end()) return found->second;
    return rates_.emplace(std::move(key), measure()).first->second;
  }

 private:
  std::mutex lock_;
  std::map<std::vector<double>, Rates> rates_;
};

// All that the scheduler obeys.
std::vector<double> digest(const DramDevice& d) {
  const DramTimings& t = d.timing;
  const DramControllerSpec& c = d.controller;
  const DramCommandBus& b = d.bus;
  std::vector<double> all = {d.clock_ns,      b.act_clocks, b.precharge_clocks,
                             b.column_clocks, c.write_high, c.write_low};
  for (const std::uint64_t v :
       {std::uint64_t{d.width_bits}, std::uint64_t{d.pseudo_channels}, std::uint64_t{d.ranks},
        std::uint64_t{d.bank_groups}, std::uint64_t{d.banks_per_group}, d.page_bytes, std::uint64_t{d.rows},
        std::uint64_t{d.burst_length}, std::uint64_t{d.burst_clocks}, std::uint64_t{d.stacked},
        std::uint64_t{b.split}, std::uint64_t{b.half_clock_rows}, static_cast<std::uint64_t>(d.refresh),
        static_cast<std::uint64_t>(c.scheduling), static_cast<std::uint64_t>(c.page_policy)})
    all.push_back(static_cast<double>(v));
  for (const std::uint32_t v :
       {t.cl,          t.cwl,        t.trcd_rd,     t.trcd_wr,   t.trp,     t.tras,   t.trc,
        t.trrd_s,      t.trrd_l,     t.tfaw,        t.t32aw,     t.tccd_s,  t.tccd_l, t.tccd_s_wr,
        t.tccd_l_wr,   t.tccd_r,     t.trtp,        t.twr,       t.twtr_s,  t.twtr_l, t.trtw,
        t.tppd,        t.trefi,      t.trfc,        t.trefi_pb,  t.trfc_pb, t.trrefd, c.read_queue,
        c.write_queue, c.bank_queue, c.row_hit_cap, c.write_idle})
    all.push_back(v);
  return all;
}

}  // namespace

const DramStreamRates& stream_rates(const DramDevice& device) {
  static Known<DramStreamRates> known;
  return known.get(digest(device), [&]() -> DramStreamRates {
    return {blocks(device, kBlockBytes, "r"), blocks(device, kBlockBytes, "w"),
            blocks(device, kBlockBytes, "rrw")};
  });
}

const DramStreamRates& lone_stream_rates(const DramDevice& device, const std::string& mapping_order) {
  static Known<DramStreamRates> known;
  std::vector<double> key = digest(device);
  key.insert(key.end(), mapping_order.begin(), mapping_order.end());
  return known.get(std::move(key), [&]() -> DramStreamRates {
    const DramMapping mapping(mapping_order, device, 1);
    return {lone_stream(device, mapping, "r"), lone_stream(device, mapping, "w"),
            lone_stream(device, mapping, "rrw")};
  });
}

double scattered_ns_per_burst(const DramDevice& device) {
  static Known<double> known;
  return known.get(digest(device), [&] { return blocks(device, device.burst_bytes(), "r").ns_per_burst; });
}

}  // namespace orrery
