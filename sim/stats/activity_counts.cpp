#include "sim/stats/activity_counts.h"

#include <cstring>
#include <type_traits>

namespace orrery {
namespace {

using Dense = std::array<std::uint64_t, sizeof(ActivityCounts) / sizeof(std::uint64_t)>;
static_assert(std::is_trivially_copyable_v<ActivityCounts> && sizeof(Dense) == sizeof(ActivityCounts));

Dense dense(const ActivityCounts& counts) {
  Dense all;
  std::memcpy(all.data(), &counts, sizeof counts);
  return all;
}

// Each counter of a and b, put through `f`.
template <class F>
ActivityCounts each(const ActivityCounts& a, const ActivityCounts& b, F f) {
  Dense x = dense(a);
  const Dense y = dense(b);
  for (std::size_t i = 0; i < x.size(); ++i) x[i] = f(x[i], y[i]);
  ActivityCounts result;
  std::memcpy(static_cast<void*>(&result), x.data(), sizeof result);
  return result;
}

}  // namespace

const std::array<CounterInfo, kCounterCount>& counters() {
  using C = ActivityCounts;
  static constexpr std::array<CounterInfo, kCounterCount> kCounters = {{
      {"issued_macs", "16-bit MACs", "issued by the matrix engines, padding included",
       [](const C& c) { return c.issued_macs; }, [](C& c) -> std::uint64_t& { return c.issued_macs; }},
      {"dac_conversions", "conversions", "digital to analogue, at the rows of an array",
       [](const C& c) { return c.dac_conversions; },
       [](C& c) -> std::uint64_t& { return c.dac_conversions; }},
      {"adc_conversions", "conversions", "analogue to digital, at its columns",
       [](const C& c) { return c.adc_conversions; },
       [](C& c) -> std::uint64_t& { return c.adc_conversions; }},
      {"cells_written", "cells", "of arrays that multiply in memory",
       [](const C& c) { return c.cells_written; }, [](C& c) -> std::uint64_t& { return c.cells_written; }},
      {"predicted_pairs", "pairs", "of a query and a key, whose score was estimated",
       [](const C& c) { return c.predicted_pairs; },
       [](C& c) -> std::uint64_t& { return c.predicted_pairs; }},
      {"vector_ops", "operations", "simple lane operations", [](const C& c) { return c.vector_ops; },
       [](C& c) -> std::uint64_t& { return c.vector_ops; }},
      {"transcendental_ops", "operations", "exp, rsqrt, tanh, division",
       [](const C& c) { return c.transcendental_ops; },
       [](C& c) -> std::uint64_t& { return c.transcendental_ops; }},
      {"widened_bytes", "bytes", "weights widened on the vector lanes, as wide as they multiply",
       [](const C& c) { return c.widened_bytes; }, [](C& c) -> std::uint64_t& { return c.widened_bytes; }},
      {"scratchpad_read_bytes", "bytes", "read by the engines",
       [](const C& c) { return c.scratchpad_read_bytes; },
       [](C& c) -> std::uint64_t& { return c.scratchpad_read_bytes; }},
      {"scratchpad_write_bytes", "bytes", "written by DMA and engines",
       [](const C& c) { return c.scratchpad_write_bytes; },
       [](C& c) -> std::uint64_t& { return c.scratchpad_write_bytes; }},
      {"requested_read_bytes", "bytes", "asked by the cores",
       [](const C& c) { return c.requested_read_bytes; },
       [](C& c) -> std::uint64_t& { return c.requested_read_bytes; }},
      {"requested_write_bytes", "bytes", "stored by the cores",
       [](const C& c) { return c.requested_write_bytes; },
       [](C& c) -> std::uint64_t& { return c.requested_write_bytes; }},
      {"noc_bytes", "bytes", "moved over the network on chip", [](const C& c) { return c.noc_bytes; },
       [](C& c) -> std::uint64_t& { return c.noc_bytes; }},
      {"noc_hop_bytes", "bytes x channels", "the same by the channels they pass",
       [](const C& c) { return c.noc_hop_bytes; }, [](C& c) -> std::uint64_t& { return c.noc_hop_bytes; }},
      {"multicast_bytes", "bytes", "copies of what another core's read brought",
       [](const C& c) { return c.multicast_bytes; },
       [](C& c) -> std::uint64_t& { return c.multicast_bytes; }},
      {"shared_read_bytes", "bytes", "read through the shared buffer",
       [](const C& c) { return c.levels[0].read_bytes; },
       [](C& c) -> std::uint64_t& { return c.levels[0].read_bytes; }},
      {"shared_write_bytes", "bytes", "written to the shared buffer",
       [](const C& c) { return c.levels[0].write_bytes; },
       [](C& c) -> std::uint64_t& { return c.levels[0].write_bytes; }},
      {"shared_fill_bytes", "bytes", "misses of the shared buffer",
       [](const C& c) { return c.levels[0].fill_bytes; },
       [](C& c) -> std::uint64_t& { return c.levels[0].fill_bytes; }},
      {"shared_writeback_bytes", "bytes", "dirty data evicted to DRAM",
       [](const C& c) { return c.levels[0].writeback_bytes; },
       [](C& c) -> std::uint64_t& { return c.levels[0].writeback_bytes; }},
      {"outer_read_bytes", "bytes", "read through the levels behind it",
       [](const C& c) { return c.outer(&LevelCounts::read_bytes); },
       [](C& c) -> std::uint64_t& { return c.levels[1].read_bytes; }},
      {"outer_write_bytes", "bytes", "written to the levels behind it",
       [](const C& c) { return c.outer(&LevelCounts::write_bytes); },
       [](C& c) -> std::uint64_t& { return c.levels[1].write_bytes; }},
      {"outer_fill_bytes", "bytes", "misses of the levels behind it",
       [](const C& c) { return c.outer(&LevelCounts::fill_bytes); },
       [](C& c) -> std::uint64_t& { return c.levels[1].fill_bytes; }},
      {"outer_writeback_bytes", "bytes", "what the levels behind it passed on",
       [](const C& c) { return c.outer(&LevelCounts::writeback_bytes); },
       [](C& c) -> std::uint64_t& { return c.levels[1].writeback_bytes; }},
      {"dram_read_bytes", "bytes", "read from DRAM", [](const C& c) { return c.dram_read_bytes; },
       [](C& c) -> std::uint64_t& { return c.dram_read_bytes; }},
      {"dram_write_bytes", "bytes", "written to DRAM", [](const C& c) { return c.dram_write_bytes; },
       [](C& c) -> std::uint64_t& { return c.dram_write_bytes; }},
      {"dram_activates", "rows", "DRAM rows opened", [](const C& c) { return c.dram_activates; },
       [](C& c) -> std::uint64_t& { return c.dram_activates; }},
      {"pim_macs", "MACs", "of units beside the DRAM's banks", [](const C& c) { return c.pim_macs; },
       [](C& c) -> std::uint64_t& { return c.pim_macs; }},
      {"pim_array_bytes", "bytes", "read from rows into those units",
       [](const C& c) { return c.pim_array_bytes; },
       [](C& c) -> std::uint64_t& { return c.pim_array_bytes; }},
      {"pim_bus_bytes", "bytes", "their inputs and results, over the pins",
       [](const C& c) { return c.pim_bus_bytes; }, [](C& c) -> std::uint64_t& { return c.pim_bus_bytes; }},
      {"storage_reads", "reads", "of storage behind DRAM", [](const C& c) { return c.storage_reads; },
       [](C& c) -> std::uint64_t& { return c.storage_reads; }},
      {"storage_bytes", "bytes", "read from there", [](const C& c) { return c.storage_bytes; },
       [](C& c) -> std::uint64_t& { return c.storage_bytes; }},
      {"link_bytes", "bytes", "sent to other chips", [](const C& c) { return c.link_bytes; },
       [](C& c) -> std::uint64_t& { return c.link_bytes; }},
      {"granules", "granules", "transfers simulated end to end", [](const C& c) { return c.granules; },
       [](C& c) -> std::uint64_t& { return c.granules; }},
      {"kernels", "kernels", "kernels run", [](const C& c) { return c.kernels; },
       [](C& c) -> std::uint64_t& { return c.kernels; }},
  }};
  return kCounters;
}

std::uint64_t ActivityCounts::total_macs() const {
  std::uint64_t sum = pim_macs;
  for (const std::uint64_t m : macs) sum += m;
  return sum;
}

std::uint64_t ActivityCounts::outer(std::uint64_t LevelCounts::*bytes) const {
  std::uint64_t sum = 0;
  for (std::size_t i = 1; i < levels.size(); ++i) sum += levels[i].*bytes;
  return sum;
}

bool operator==(const ActivityCounts& a, const ActivityCounts& b) {
  return dense(a) == dense(b);
}

ActivityCounts& operator+=(ActivityCounts& a, const ActivityCounts& b) {
  return a = each(a, b, [](std::uint64_t x, std::uint64_t y) { return x + y; });
}

ActivityCounts operator-(const ActivityCounts& a, const ActivityCounts& b) {
  return each(a, b, [](std::uint64_t x, std::uint64_t y) { return x - y; });
}

ActivityCounts operator*(const ActivityCounts& a, std::uint64_t times) {
  return each(a, a, [times](std::uint64_t x, std::uint64_t) { return x * times; });
}

ActivityCounts operator/(const ActivityCounts& a, std::uint64_t by) {
  return each(a, a, [by](std::uint64_t x, std::uint64_t) { return x / by; });
}

}  // namespace orrery
