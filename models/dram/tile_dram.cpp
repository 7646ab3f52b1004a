#include "models/dram/tile_dram.h"

#include <algorithm>
#include <cmath>
#include <utility>

namespace orrery {

TileDram::TileDram(const DramSpec& spec) : TileDram(spec, DramMapping::default_order(), DramTiming(spec)) {}

TileDram::TileDram(const DramSpec& spec, const std::string& order)
    : TileDram(spec, order, DramTiming(spec, order)) {}

TileDram::TileDram(const DramSpec& spec, std::string order, DramTiming timing)
    : spec_(spec),
      order_(std::move(order)),
      timing_(std::move(timing)),
      channel_count_(ceil_div(spec.channels, spec.device.pseudo_channels)),
      calendars_(channel_count_),
      addressed_(channel_count_) {}

Femtoseconds TileDram::stream(Femtoseconds service, Femtoseconds t) {
  return streams_until_ = calendars_.reserve_all(t, service);
}

Femtoseconds TileDram::read(Bytes bytes, bool scattered, Femtoseconds least, Femtoseconds t) {
  if (calendars_.free_at() <= t) reads_bytes_ = {};
  reads_bytes_ += bytes;
  const double ns_per_byte = scattered ? timing_.scattered_ns_per_byte() : timing_.read_ns_per_byte();
  return stream(std::max(least, from_femtoseconds(bytes.real() * ns_per_byte * kFsPerNs)), t);
}

Femtoseconds TileDram::write(Bytes bytes, double least_fs_per_byte, Femtoseconds t) {
  queued_bytes_ += bytes;
  Femtoseconds taken = t;
  if (queued_bytes_ >= write_batch() || calendars_.free_at() <= t) {
    taken = std::max(t, batch_end_);
    drain_batch(least_fs_per_byte, t);
  }
  return taken;
}

void TileDram::drain_batch(double least_fs_per_byte, Femtoseconds t) {
  // The bus turns between reads and the batches that a controller holds at once, as far as there were reads
  // to come between them.
  const Bytes among = std::min(queued_bytes_, reads_bytes_);
  const double batches = std::max(reads_bytes_ > Bytes{} ? 1.0 : 0.0, among.real() / write_batch().real());
  const Femtoseconds turn = from_ns(timing_.turnaround_ns() * batches);
  reads_bytes_ -= among;
  const double fs_per_byte = std::max(least_fs_per_byte, timing_.write_ns_per_byte() * kFsPerNs);
  batch_end_ = stream(from_femtoseconds(queued_bytes_.real() * fs_per_byte) + turn, t);
  queued_bytes_ = {};
}

Femtoseconds TileDram::drain(double least_fs_per_byte, Femtoseconds t) {
  if (queued_bytes_ > Bytes{}) drain_batch(least_fs_per_byte, t);
  return batch_end_;
}

Femtoseconds TileDram::read_on(ChannelId channel, Bytes bytes, Femtoseconds t) {
  const double busy_ns = bytes.real() * timing_.read_ns_per_byte() * channel_count_;
  return calendars_.reserve_one(channel, t, from_ns(busy_ns));
}

TileDramChannel& TileDram::addressed(std::uint32_t channel) {
  std::unique_ptr<TileDramChannel>& c = addressed_[channel];
  if (!mapping_) mapping_.emplace(order_, spec_.device, channel_count_);
  if (!c) c = std::make_unique<TileDramChannel>(spec_.device, *mapping_);
  return *c;
}

DramTick TileDram::after_streams(const TileDramChannel& channel, DramTick t) const {
  const double ticks = static_cast<double>(streams_until_) / (channel.tick_ns() * kFsPerNs);
  return std::max(t, static_cast<DramTick>(std::ceil(ticks)));
}

// The data bus of a channel is taken for a burst.
void TileDram::occupy(std::uint32_t channel, DramTick t) {
  const double tick_fs = addressed_[channel]->tick_ns() * kFsPerNs;
  const double burst_fs =
      spec_.device.burst_clocks * spec_.device.clock_ns * kFsPerNs / spec_.device.pseudo_channels;
  calendars_.reserve_one(ChannelId{channel}, from_femtoseconds(static_cast<double>(t) * tick_fs),
                         from_femtoseconds(burst_fs));
}

TileDramChannel::Read TileDram::read_burst(std::uint32_t channel, std::uint64_t address, DramTick t) {
  TileDramChannel& c = addressed(channel);
  t = after_streams(c, t);
  occupy(channel, t);
  return c.read(address, t);
}

DramTick TileDram::write_burst(std::uint32_t channel, std::uint64_t address, DramTick t) {
  TileDramChannel& c = addressed(channel);
  t = after_streams(c, t);
  occupy(channel, t);
  return c.write(address, t);
}

void TileDram::reset() {
  calendars_.reset();
  streams_until_ = 0;
  batch_end_ = 0;
  reads_bytes_ = {};
  for (auto& c : addressed_) c.reset();
}

}  // namespace orrery
