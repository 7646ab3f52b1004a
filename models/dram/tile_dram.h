#pragma once
// The DRAM of a machine at fidelity `tile`: channels that are calendars, with two doors. Granules striped
// over all channels go by the rates that the channels' own command scheduler reaches with such streams;
// bursts at an address reserve the banks, buses and windows on their way (TileDramChannel). Each door waits
// for what the other has taken. A machine's controller and a probe's traffic drive the same class.

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "models/dram/dram_channels.h"
#include "models/dram/tile_dram_channel.h"
#include "sim/config/arch_spec.h"
#include "sim/timing/dram/dram_timing.h"
#include "sim/util/amount.h"

namespace orrery {

class TileDram {
 public:
  // As a machine has it: granules of many streams share the channels, bursts lie where the default mapping
  // puts them.
  explicit TileDram(const DramSpec& spec);
  // `order`: of the address mapping (DramMapping). A stream has the channels to itself.
  TileDram(const DramSpec& spec, const std::string& order);

  // `bytes` striped over all channels that take at least `least` (a narrower bus behind them). A read:
  // when the last channel is through, less the latency of the pins.
  Femtoseconds read(Bytes bytes, bool scattered, Femtoseconds least, Femtoseconds t);
  // A posted write: when the queues have taken it. They gather a batch, unless the channels are idle, and
  // take no more while the batch before drains. `least_fs_per_byte`: of the bus behind the channels.
  Femtoseconds write(Bytes bytes, double least_fs_per_byte, Femtoseconds t);
  // Writes what is queued; when the last write is through (0: there was none).
  Femtoseconds drain(double least_fs_per_byte, Femtoseconds t);
  Bytes write_batch() const { return Bytes{timing_.write_batch_bytes()}; }
  Bytes queued_bytes() const { return queued_bytes_; }

  // `bytes` on one channel only (another client of the memory, a hot channel).
  Femtoseconds read_on(ChannelId channel, Bytes bytes, Femtoseconds t);

  // Every channel for `service`, behind what it has taken so far.
  Femtoseconds reserve_banks(Femtoseconds service, Femtoseconds t) {
    return calendars_.reserve_all(t, service);
  }

  // A burst of one channel; times are its ticks, and never decrease from call to call.
  TileDramChannel::Read read_burst(std::uint32_t channel, std::uint64_t address, DramTick t);
  DramTick write_burst(std::uint32_t channel, std::uint64_t address, DramTick t);
  const TileDramChannel& channel(std::uint32_t channel) { return addressed(channel); }
  std::uint32_t channels() const { return channel_count_; }  // each with all its pseudo channels

  // When the last channel is free of what has been taken so far.
  Femtoseconds busy_until() const { return calendars_.free_at(); }
  void reset();

  const DramTiming& timing() const { return timing_; }
  const DramSpec& spec() const { return spec_; }

 private:
  TileDram(const DramSpec& spec, std::string order, DramTiming timing);

  const DramSpec spec_;
  const std::string order_;
  const DramTiming timing_;
  const std::uint32_t channel_count_;
  DramChannels calendars_;
  Femtoseconds streams_until_ = 0;      // the end of the last stream's granule
  std::optional<DramMapping> mapping_;  // made with the first addressed burst
  std::vector<std::unique_ptr<TileDramChannel>> addressed_;
  Bytes queued_bytes_;
  Femtoseconds batch_end_ = 0;  // of the last batch of writes
  Bytes reads_bytes_;           // since the channels last idled, and not among a batch of writes yet

  TileDramChannel& addressed(std::uint32_t channel);
  Femtoseconds stream(Femtoseconds service, Femtoseconds t);
  void drain_batch(double least_fs_per_byte, Femtoseconds t);
  DramTick after_streams(const TileDramChannel& channel, DramTick t) const;
  void occupy(std::uint32_t channel, DramTick t);
};

}  // namespace orrery
