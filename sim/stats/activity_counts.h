#pragma once
// What a run did, in integers: a dense array, whose places are named. Modules count; energy, utilisation and
// reports are computed afterwards.

#include <array>
#include <cstdint>

#include "sim/util/dtype.h"
#include "sim/util/ids.h"

namespace orrery {

// Bytes of one of the levels that all cores share.
struct LevelCounts {
  std::uint64_t read_bytes = 0;  // served (hits and fills passed on)
  std::uint64_t write_bytes = 0;
  std::uint64_t fill_bytes = 0;       // of the reads: brought from the next level, or DRAM
  std::uint64_t writeback_bytes = 0;  // passed on: written through, or dirty when they left
  std::uint64_t moved_bytes() const { return read_bytes + write_bytes + fill_bytes + writeback_bytes; }
};

struct ActivityCounts {
  std::array<std::uint64_t, kDTypeCount> macs{};  // useful MACs by format (padding not counted)
  // What the matrix engines issued, padding to whole instructions and arrays included, as 16-bit MACs.
  std::uint64_t issued_macs = 0;
  std::uint64_t dac_conversions = 0, adc_conversions = 0;  // of arrays that multiply in memory
  std::uint64_t cells_written = 0;                         // of them
  std::uint64_t predicted_pairs = 0;                       // whose score was estimated
  std::uint64_t vector_ops = 0;
  std::uint64_t transcendental_ops = 0;
  std::uint64_t widened_bytes = 0;  // of weights, at the width they multiply in
  std::uint64_t scratchpad_read_bytes = 0;
  std::uint64_t scratchpad_write_bytes = 0;
  std::uint64_t requested_read_bytes = 0;  // asked by the cores' DMA engines
  std::uint64_t requested_write_bytes = 0;
  std::uint64_t noc_bytes = 0;
  std::uint64_t noc_hop_bytes = 0;                // times the channels of their way; a crossbar is one
  std::uint64_t multicast_bytes = 0;              // of the reads: copies of what another core's read brought
  std::array<LevelCounts, kMostLevels> levels{};  // shared ones, innermost first
  std::uint64_t dram_read_bytes = 0;
  std::uint64_t dram_write_bytes = 0;
  std::uint64_t dram_activates = 0;  // rows opened
  // Of units beside the banks: MACs, bytes read into them, inputs and results over the channels' pins.
  std::uint64_t pim_macs = 0, pim_array_bytes = 0, pim_bus_bytes = 0;
  std::uint64_t storage_reads = 0, storage_bytes = 0;
  std::uint64_t link_bytes = 0;  // sent by this chip
  std::uint64_t granules = 0;    // moved end to end
  std::uint64_t kernels = 0;

  std::uint64_t total_macs() const;
  std::uint64_t dram_bytes() const { return dram_read_bytes + dram_write_bytes; }
  // Of the levels behind the innermost, added up.
  std::uint64_t outer(std::uint64_t LevelCounts::*bytes) const;
  friend bool operator==(const ActivityCounts& a, const ActivityCounts& b);
};

// A counter as it is reported: its name, unit and meaning (formats' MACs are summed as "macs").
struct CounterInfo {
  const char* name;
  const char* unit;
  const char* description;
  std::uint64_t (*of)(const ActivityCounts& counts);
  std::uint64_t& (*at)(ActivityCounts& counts);  // where a count that was reported goes back to
};
inline constexpr std::size_t kCounterCount = 34;
const std::array<CounterInfo, kCounterCount>& counters();

ActivityCounts& operator+=(ActivityCounts& a, const ActivityCounts& b);
ActivityCounts operator-(const ActivityCounts& a, const ActivityCounts& b);
ActivityCounts operator*(const ActivityCounts& a, std::uint64_t times);
ActivityCounts operator/(const ActivityCounts& a, std::uint64_t by);

}  // namespace orrery
