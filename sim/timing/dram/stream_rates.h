#pragma once
// How fast a DRAM channel moves endless streams: measured on its own command scheduler (queues, banks, every
// JEDEC timing, refresh), once a device and process. Nothing of it is typed into a file.

#include <string>

#include "sim/config/dram_device.h"

namespace orrery {

// Of a whole channel, all its pseudo channels, refresh included.
struct DramStreamRate {
  double ns_per_burst = 0;
  double activates_per_burst = 0;
};
struct DramStreamRates {
  DramStreamRate read, write;
  DramStreamRate mixed;  // read read write
};

// Streams that share a channel: blocks of 8 KiB at random places.
const DramStreamRates& stream_rates(const DramDevice& device);
// A stream from one end of the memory to the other (mixed: one of reads, one of writes half the memory away).
// Throws ConfigError as DramMapping does.
const DramStreamRates& lone_stream_rates(const DramDevice& device, const std::string& mapping_order);

// Reads of single bursts at random places.
double scattered_ns_per_burst(const DramDevice& device);

}  // namespace orrery
