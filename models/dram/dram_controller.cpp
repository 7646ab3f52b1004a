#include "models/dram/dram_controller.h"

#include <algorithm>
#include <cmath>

namespace orrery {

DramController::DramController(const sc_core::sc_module_name& name, const DramSpec& spec,
                               const ClockDomain& clock, ActivityCounts& counts)
    : sc_module(name),
      timing_(spec),
      counts_(counts),
      channels_(spec.channels),
      clock_(clock),
      latency_(from_ns(timing_.read_latency_ns() + spec.controller_latency_ns)),
      write_batch_bytes_(timing_.write_batch_bytes() * spec.channels) {
  // Striped evenly over the channels, time is in proportion to the bytes; the chip-side bus may be slower
  // still.
  bus_cycles_per_byte_ = spec.bus_bytes_per_cycle > 0 ? 1 / spec.bus_bytes_per_cycle : 0;
  constexpr double kTrain = 1 << 20;  // long enough that whole bursts do not matter
  const auto per_byte = [&](std::uint64_t chunk) {
    const double busy_ns = timing_.busy_ns(kTrain, static_cast<double>(chunk)) / spec.channels;
    return busy_ns * kFsPerNs / kTrain;
  };
  fs_per_byte_ = per_byte(spec.interleave_bytes);
  scattered_fs_per_byte_ = per_byte(spec.burst_bytes());
  port.bind(*this);
}

Femtoseconds DramController::service(std::uint64_t bytes, bool irregular) const {
  const double fs_per_byte = std::max(irregular ? scattered_fs_per_byte_ : fs_per_byte_,
                                      bus_cycles_per_byte_ * clock_.fs_per_cycle());
  return from_femtoseconds(static_cast<double>(bytes) * fs_per_byte);
}

void DramController::count_activates(std::uint64_t bytes, bool irregular) {
  const DramSpec& spec = timing_.spec();
  counts_.dram_activates += ceil_div(bytes, irregular ? spec.burst_bytes() : spec.interleave_bytes);
}

Reservation DramController::reserve(const Granule& granule, Femtoseconds t) {
  if (granule.write) {
    counts_.dram_write_bytes += granule.bytes;
    count_activates(granule.bytes, granule.irregular);
    queued_write_bytes_ += granule.bytes;
    // Posted: the queue takes a batch while the one before it drains, and no faster. A channel with nothing
    // else to do need not wait for a batch.
    Femtoseconds taken = t;
    if (queued_write_bytes_ >= write_batch_bytes_ || channels_.free_at() <= t) {
      taken = std::max(t, batch_end_);
      drain_batch(queued_write_bytes_, t);
    }
    return {taken, 0, TimeCategory::dram};
  }
  read_since_batch_ = true;
  counts_.dram_read_bytes += granule.bytes;
  count_activates(granule.bytes, granule.irregular);
  return {channels_.reserve_all(t, service(granule.bytes, granule.irregular)), latency_, TimeCategory::dram};
}

Reservation DramController::reserve_channel(ChannelId channel, std::uint64_t bytes, Femtoseconds t) {
  counts_.dram_read_bytes += bytes;
  count_activates(bytes, false);
  const double busy_ns =
      timing_.busy_ns(static_cast<double>(bytes), static_cast<double>(timing_.spec().interleave_bytes));
  return {channels_.reserve_one(channel, t, from_ns(busy_ns)), latency_, TimeCategory::dram};
}

void DramController::drain_batch(std::uint64_t bytes, Femtoseconds t) {
  const Femtoseconds turn = read_since_batch_ ? from_ns(timing_.turnaround_ns()) : 0;
  batch_end_ = channels_.reserve_all(t, service(bytes, false) + turn);
  read_since_batch_ = false;
  queued_write_bytes_ = 0;
}

Femtoseconds DramController::drain(Femtoseconds t) {
  if (queued_write_bytes_ > 0) drain_batch(queued_write_bytes_, t);
  return batch_end_;
}

void DramController::reset() {
  channels_.reset();
  batch_end_ = 0;
}

std::string DramController::waiting_for() const {
  return std::string(name()) + " holds " + std::to_string(queued_write_bytes_) + " bytes of writes";
}

}  // namespace orrery
