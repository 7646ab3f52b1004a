#pragma once
// What one DRAM channel takes for a burst train, from its JEDEC timings (JESD235 HBM, JESD79-4 DDR4, JESD250
// GDDR6). A train of row hits moves one burst every tCCD (tCCD_S when bank groups are interleaved); opening
// rows costs tRRD/tFAW in the command stream and tRC in each bank, hidden behind the data as far as other
// banks have work; refresh takes tRFC out of every tREFI; turning the bus round costs the write-to-read and
// read-to-write gaps once for every full write queue. Left out: the order of commands within a train
// (fidelity `cycle`).

#include <cstdint>

#include "sim/config/arch_spec.h"

namespace orrery {

class DramTiming {
 public:
  explicit DramTiming(const DramSpec& spec);

  // Time the channel is taken by `bytes` in chunks of `chunk_bytes` that lie together in a row each.
  // Whole bursts; refresh included; no turnaround.
  double busy_ns(double bytes, double chunk_bytes) const;

  // One write-to-read and one read-to-write change of direction.
  double turnaround_ns() const { return turnaround_ns_; }

  // Idle channel, bank closed, first data out of the pins until the last of one burst.
  double read_latency_ns() const { return read_latency_ns_; }

  // Sustained bytes/s of all channels for an endless sequential read: what the timings allow.
  double stream_bytes_per_s() const;

  std::uint64_t write_batch_bytes() const { return write_batch_bytes_; }  // a channel
  const DramSpec& spec() const { return spec_; }

 private:
  DramSpec spec_;
  double burst_ns_;
  double stream_burst_ns_;  // of interleaved streams, refresh included
  double row_open_ns_;      // pace of activates over the banks of a channel
  double refresh_factor_;
  double turnaround_ns_;
  double read_latency_ns_;
  std::uint64_t write_batch_bytes_;
};

}  // namespace orrery
