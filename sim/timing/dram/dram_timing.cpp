#include "sim/timing/dram/dram_timing.h"

#include <algorithm>
#include <cmath>

namespace orrery {

DramTiming::DramTiming(const DramSpec& spec) : DramTiming(spec, stream_rates(spec.device)) {}

DramTiming::DramTiming(const DramSpec& spec, const std::string& mapping_order)
    : DramTiming(spec, lone_stream_rates(spec.device, mapping_order)) {}

DramTiming::DramTiming(const DramSpec& spec, const DramStreamRates& rates)
    : device_(spec.device), rates_(rates) {
  const DramDevice& device = spec.device;
  // A rate is that of a device channel, which holds several of the machine's where it has pseudo channels.
  per_byte_ = static_cast<double>(device.pseudo_channels) /
              (static_cast<double>(device.burst_bytes()) * spec.channels);
  const DramControllerSpec& controller = device.controller;
  const double batch_bursts =
      std::max(1.0, std::floor((controller.write_high - controller.write_low) * controller.write_queue));
  write_batch_bytes_ = static_cast<std::uint64_t>(batch_bursts * static_cast<double>(device.burst_bytes()) *
                                                  spec.channels / device.pseudo_channels);
  const double extra = std::max(0.0, 3 * rates.mixed.ns_per_burst - 2 * rates.read.ns_per_burst -
                                         rates.write.ns_per_burst);  // ns a written burst
  turnaround_ns_ = extra * per_byte_ * static_cast<double>(write_batch_bytes_);
  const DramTimings& t = device.timing;
  read_latency_ns_ = (t.trp + t.trcd_rd + t.cl + device.burst_clocks) * device.clock_ns;
}

double DramTiming::scattered_ns_per_byte() const {
  if (scattered_ <= 0) scattered_ = scattered_ns_per_burst(device_) * per_byte_;
  return scattered_;
}

}  // namespace orrery
