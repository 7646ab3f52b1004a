#include "sim/probe/dram_tile_probe.h"

#include <algorithm>
#include <cmath>
#include <deque>
#include <functional>
#include <queue>

#include "models/dram/tile_dram.h"
#include "sim/estimate/dram_energy.h"

namespace orrery {
namespace {

constexpr std::size_t kQueue = 256;                 // accesses that wait for a channel, saturating
constexpr std::uint64_t kGranuleBytes = 64 * 1024;  // of a stream, a channel

// The reads a controller has taken and not yet served. In two stages a bank has a queue of its own and only
// what exceeds it takes places in the queue before.
class ReadQueue {
 public:
  explicit ReadQueue(const DramDevice& device)
      : places_(device.controller.read_queue),
        bank_places_(device.controller.scheduling == DramScheduling::bank_round_robin
                         ? device.controller.bank_queue
                         : 0),
        in_bank_(device.all_banks()) {}

  // When a read that arrives at `t` gets a place.
  DramTick taken(DramTick t) {
    while (!leaving_.empty() && (leaving_.top().first <= t || waiting_ >= places_)) {
      t = std::max(t, leaving_.top().first);
      const std::uint32_t bank = leaving_.top().second;
      leaving_.pop();
      if (in_bank_[bank]-- > bank_places_) --waiting_;
    }
    return t;
  }
  void add(std::uint32_t bank, DramTick leaves) {
    if (++in_bank_[bank] > bank_places_) ++waiting_;
    leaving_.push({leaves, bank});
  }

 private:
  using Leaving = std::pair<DramTick, std::uint32_t>;
  std::size_t places_, bank_places_;
  std::size_t waiting_ = 0;
  std::vector<std::size_t> in_bank_;
  std::priority_queue<Leaving, std::vector<Leaving>, std::greater<>> leaving_;
};

// A channel's door for bursts.
struct Lane {
  std::uint32_t channel;
  ReadQueue reads;
  std::deque<MemoryAccess> waiting = {};
  DramTick free_from = 0;
};

class TileProbe {
 public:
  TileProbe(const DramProbe& probe, const DramMapping& mapping, AccessPattern pattern,
            const TrafficLoad& load)
      : device_(probe.dram.device),
        mapping_(mapping),
        pattern_(std::move(pattern)),
        dram_(shares_channels(probe, mapping, load) ? TileDram(probe.dram)
                                                    : TileDram(probe.dram, mapping.order())) {
    if (load.kind == TrafficLoad::Kind::saturating) {
      turns_ = directions(pattern_.name());
      if (turns_.empty() && shares_channels(probe, mapping, load))
        turns_ = pattern_.name() == "rand_8192" ? "r" : "rrw";
    }
    for (std::uint32_t c = 0; c < dram_.channels(); ++c) lanes_.push_back({c, ReadQueue(device_)});
    tick_ns_ = dram_.channel(0).tick_ns();
    warm_up_ = ticks(probe.warm_up_ns);
    end_ = warm_up_ + ticks(probe.measured_ns);
    clock_ = ticks(device_.clock_ns);
  }

  DramProbeResult run(const TrafficLoad& load) {
    switch (load.kind) {
      case TrafficLoad::Kind::saturating:
        turns_.empty() ? run_saturating() : run_stream();
        break;
      case TrafficLoad::Kind::dependent:
        run_dependent();
        break;
      case TrafficLoad::Kind::rate:
        run_rate(static_cast<double>(device_.burst_bytes()) / load.bytes_per_s * 1e9 / tick_ns_);
        break;
    }
    return result();
  }

 private:
  const DramDevice& device_;
  const DramMapping& mapping_;
  AccessPattern pattern_;
  TileDram dram_;
  std::vector<Lane> lanes_;
  double tick_ns_ = 1;
  DramTick warm_up_ = 0, end_ = 0, clock_ = 1;
  std::uint64_t bursts_ = 0, reads_ = 0;
  std::vector<DramTick> latencies_;
  double latency_sum_ = 0, wait_sum_ = 0;
  std::vector<DramActivity> before_;
  bool warm_ = false;

  std::string turns_;  // of a stream through the door for granules: r(ead) and w(rite); "" for bursts

  static std::string directions(const std::string& pattern) {
    if (pattern == "seq_read") return "r";
    if (pattern == "seq_write") return "w";
    return pattern == "mix21" ? "rrw" : "";
  }
  // As a machine's streams do: in blocks on each channel, where the default mapping puts them.
  static bool shares_channels(const DramProbe& probe, const DramMapping& mapping, const TrafficLoad& load) {
    return (probe.pattern == "rand_8192" || probe.pattern == "mix21_8192") &&
           load.kind == TrafficLoad::Kind::saturating &&
           probe.dram.channels == probe.dram.device.pseudo_channels &&
           mapping.order() == DramMapping(DramMapping::default_order(), probe.dram.device, 1).order();
  }

  DramTick ticks(double ns) const { return static_cast<DramTick>(std::lround(ns / tick_ns_)); }

  Lane& lane_of(const MemoryAccess& access) {
    return lanes_[lanes_.size() == 1 ? 0 : mapping_.decode(access.address).channel];
  }

  // Serves an access that arrived at `arrived`; returns when it was taken and when it was done.
  std::pair<DramTick, DramTick> serve(Lane& lane, const MemoryAccess& access, DramTick arrived) {
    DramTick taken = std::max(arrived, lane.free_from);
    if (!warm_ && taken >= warm_up_) start_measuring();
    if (access.write) {
      const DramTick done = dram_.write_burst(lane.channel, access.address, taken);
      lane.free_from = std::max(lane.free_from, done - clock_);
      count(done, false, 0, 0);
      return {done - clock_, done};
    }
    taken = lane.reads.taken(taken);
    lane.free_from = taken;
    const TileDramChannel::Read read = dram_.read_burst(lane.channel, access.address, taken);
    lane.reads.add(read.bank, read.leaves);
    const DramTick done = read.done;
    count(done, true, done - taken, taken - arrived);
    return {taken, done};
  }

  void count(DramTick done, bool read, DramTick latency, DramTick waited) {
    if (done < warm_up_ || done >= end_) return;
    ++bursts_;
    if (!read) return;
    ++reads_;
    latency_sum_ += static_cast<double>(latency);
    wait_sum_ += static_cast<double>(waited);
    latencies_.push_back(latency);
  }

  void start_measuring() {
    warm_ = true;
    for (const Lane& lane : lanes_) before_.push_back(activity(lane, warm_up_));
  }

  DramActivity activity(const Lane& lane, DramTick t) {
    const TileDramChannel& channel = dram_.channel(lane.channel);
    const DramCommandCounts& c = channel.counts();
    const double tick_s = tick_ns_ * 1e-9;
    return {c.activates,
            c.reads,
            c.writes,
            channel.refreshes(t),
            0,
            static_cast<double>(t) * tick_s,
            static_cast<double>(channel.active_ticks(t)) * tick_s};
  }

  void run_rate(double interval) {
    for (std::uint64_t i = 0;; ++i) {
      const auto arrived = static_cast<DramTick>(static_cast<double>(i) * interval);
      if (arrived >= end_) return;
      const MemoryAccess access = pattern_.next();
      serve(lane_of(access), access, arrived);
    }
  }

  void run_dependent() {
    for (DramTick t = 0; t < end_;) {
      const MemoryAccess access = pattern_.next();
      t = serve(lane_of(access), access, t).second + clock_;
    }
  }

  // Accesses in the pattern's order into a queue a channel; the channel that is behind takes next.
  void run_saturating() {
    MemoryAccess ahead = pattern_.next();
    while (true) {
      while (lane_of(ahead).waiting.size() < kQueue) {
        lane_of(ahead).waiting.push_back(ahead);
        ahead = pattern_.next();
      }
      Lane* next = nullptr;
      for (Lane& lane : lanes_) {
        if (!lane.waiting.empty() && (next == nullptr || lane.free_from < next->free_from)) next = &lane;
      }
      const DramTick now = next->free_from;
      if (now >= end_) return;
      serve(*next, next->waiting.front(), now);
      next->waiting.pop_front();
      // What waits for this one to be taken cannot be taken before.
      for (Lane& lane : lanes_) {
        if (lane.waiting.empty()) lane.free_from = std::max(lane.free_from, now);
      }
    }
  }

  // One granule after the other, striped over the channels, through the door that a machine's granules take.
  void run_stream() {
    const Bytes bytes{kGranuleBytes * dram_.channels()};
    const Femtoseconds from = fs(warm_up_);
    const Femtoseconds to = fs(end_);
    Femtoseconds now = 0;
    Femtoseconds before = 0;
    for (std::size_t i = 0; before < to; ++i) {
      const bool write = turns_[i % turns_.size()] == 'w';
      now = write ? dram_.write(bytes, 0, now) : dram_.read(bytes, false, 0, now);
      const Femtoseconds done = std::max(before, dram_.busy_until());
      // The part of the granule inside the window.
      const double inside = static_cast<double>(std::min(done, to) - std::max(before, from));
      if (inside > 0) stream_bytes_[write] += bytes.real() * inside / static_cast<double>(done - before);
      before = done;
    }
  }
  double stream_bytes_[2] = {0, 0};  // read, written
  Femtoseconds fs(DramTick t) const { return from_ns(static_cast<double>(t) * tick_ns_); }

  // A stream opens rows as often as its rates were found with, and keeps one open all the time.
  void add_stream(double& activates, double& columns, double& energy) const {
    const auto burst_bytes = static_cast<double>(device_.burst_bytes());
    columns = (stream_bytes_[0] + stream_bytes_[1]) / burst_bytes;
    const DramStreamRates& rates = dram_.timing().rates();
    const DramStreamRate& rate = turns_ == "r" ? rates.read : turns_ == "w" ? rates.write : rates.mixed;
    activates = columns * rate.activates_per_burst;
    if (!device_.currents) return;
    const double channels = dram_.channels();
    const double seconds = static_cast<double>(end_ - warm_up_) * tick_ns_ * 1e-9;
    const double refreshes =
        seconds / (device_.timing.trefi * device_.clock_ns * 1e-9) * device_.pseudo_channels;
    const auto count = [channels](double all) {
      return static_cast<std::uint64_t>(std::lround(all / channels));
    };
    energy = channels * dram_core_energy_j(device_, {count(activates), count(stream_bytes_[0] / burst_bytes),
                                                     count(stream_bytes_[1] / burst_bytes),
                                                     static_cast<std::uint64_t>(std::lround(refreshes)), 0,
                                                     seconds, seconds * device_.pseudo_channels});
  }

  DramProbeResult result() {
    DramProbeResult r;
    const double seconds = static_cast<double>(end_ - warm_up_) * tick_ns_ * 1e-9;
    const auto burst_bytes = static_cast<double>(device_.burst_bytes());
    const double bursts = static_cast<double>(bursts_) + (stream_bytes_[0] + stream_bytes_[1]) / burst_bytes;
    r.requests = static_cast<std::uint64_t>(bursts);
    r.achieved_gb_per_s = bursts * static_cast<double>(device_.burst_bytes()) / seconds * 1e-9;
    if (reads_ > 0) {
      r.latency_ns = latency_sum_ / static_cast<double>(reads_) * tick_ns_;
      r.source_wait_ns = wait_sum_ / static_cast<double>(reads_) * tick_ns_;
      const auto at = latencies_.begin() + static_cast<std::ptrdiff_t>(latencies_.size() * 99 / 100);
      std::nth_element(latencies_.begin(), at, latencies_.end());
      r.p99_latency_ns = static_cast<double>(*at) * tick_ns_;
    }
    double activates = 0;
    double columns = 0;
    double energy = 0;
    if (stream_bytes_[0] + stream_bytes_[1] > 0) lanes_.clear();  // nothing came burst by burst
    if (lanes_.empty()) add_stream(activates, columns, energy);
    for (std::size_t l = 0; l < lanes_.size(); ++l) {
      DramActivity a = activity(lanes_[l], end_);
      if (warm_) {
        const DramActivity& b = before_[l];
        a = {a.activates - b.activates,
             a.reads - b.reads,
             a.writes - b.writes,
             a.refreshes - b.refreshes,
             0,
             a.seconds - b.seconds,
             a.active_seconds - b.active_seconds};
      }
      activates += static_cast<double>(a.activates);
      columns += static_cast<double>(a.reads + a.writes);
      if (device_.currents) energy += dram_core_energy_j(device_, a);
    }
    if (columns > 0) {
      r.energy_pj_per_bit = energy * 1e12 / (columns * 8 * static_cast<double>(device_.burst_bytes()));
      r.row_hit_rate = std::max(0.0, 1 - activates / columns);
    }
    return r;
  }
};

}  // namespace

DramProbeResult run_dram_tile_probe(const DramProbe& probe, const DramMapping& mapping, AccessPattern pattern,
                                    const TrafficLoad& load) {
  DramProbeResult r = TileProbe(probe, mapping, std::move(pattern), load).run(load);
  r.peak_gb_per_s = probe.dram.peak_bytes_per_s() * 1e-9;
  r.share_of_peak = r.achieved_gb_per_s / r.peak_gb_per_s;
  return r;
}

}  // namespace orrery
