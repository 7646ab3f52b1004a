#pragma once
// What the channels of a machine's DRAM take, all together, for bytes that are striped over them. Rates are
// those of the channel's own scheduler (stream_rates); latency adds up from the timings.

#include <cstdint>
#include <string>

#include "sim/config/arch_spec.h"
#include "sim/timing/dram/stream_rates.h"

namespace orrery {

class DramTiming {
 public:
  // Of streams that share the channels.
  explicit DramTiming(const DramSpec& spec);
  // Of streams that lie one behind another, as an address mapping places them.
  DramTiming(const DramSpec& spec, const std::string& mapping_order);

  // Endless streams, refresh included; single bursts at random places.
  double read_ns_per_byte() const { return rates_.read.ns_per_burst * per_byte_; }
  double write_ns_per_byte() const { return rates_.write.ns_per_burst * per_byte_; }
  double scattered_ns_per_byte() const;

  // What a batch of writes among reads takes beyond its own rate: the buses' turns and the rows that both
  // close to each other.
  double turnaround_ns() const { return turnaround_ns_; }
  std::uint64_t write_batch_bytes() const { return write_batch_bytes_; }  // of all channels

  // Idle channel, bank closed, first data out of the pins until the last of one burst.
  double read_latency_ns() const { return read_latency_ns_; }

  // Of one device channel.
  const DramStreamRates& rates() const { return rates_; }

  double stream_bytes_per_s() const { return 1e9 / read_ns_per_byte(); }

 private:
  DramTiming(const DramSpec& spec, const DramStreamRates& rates);

  DramDevice device_;
  DramStreamRates rates_;
  mutable double scattered_ = 0;  // once it was asked for
  double per_byte_;               // bursts a device channel moves for a byte of all channels
  double turnaround_ns_;
  double read_latency_ns_;
  std::uint64_t write_batch_bytes_;
};

}  // namespace orrery
