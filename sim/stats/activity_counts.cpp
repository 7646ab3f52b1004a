#include "sim/stats/activity_counts.h"

namespace orrery {

const std::array<CounterInfo, kCounterCount>& counters() {
  using C = ActivityCounts;
  static constexpr std::array<CounterInfo, kCounterCount> kCounters = {{
      {"issued_macs", "16-bit MACs", "issued by the matrix engines, padding included", &C::issued_macs},
      {"dac_conversions", "conversions", "digital to analogue, at the rows of an array", &C::dac_conversions},
      {"adc_conversions", "conversions", "analogue to digital, at its columns", &C::adc_conversions},
      {"vector_ops", "operations", "simple lane operations", &C::vector_ops},
      {"transcendental_ops", "operations", "exp, rsqrt, tanh, division", &C::transcendental_ops},
      {"widened_bytes", "bytes", "weights widened on the vector lanes, as wide as they multiply",
       &C::widened_bytes},
      {"scratchpad_read_bytes", "bytes", "read by the engines", &C::scratchpad_read_bytes},
      {"scratchpad_write_bytes", "bytes", "written by DMA and engines", &C::scratchpad_write_bytes},
      {"requested_read_bytes", "bytes", "asked by the cores", &C::requested_read_bytes},
      {"requested_write_bytes", "bytes", "stored by the cores", &C::requested_write_bytes},
      {"noc_bytes", "bytes", "moved over the network on chip", &C::noc_bytes},
      {"noc_hop_bytes", "bytes x channels", "the same by the channels they pass", &C::noc_hop_bytes},
      {"multicast_bytes", "bytes", "copies of what another core's read brought", &C::multicast_bytes},
      {"shared_read_bytes", "bytes", "read through the shared buffer", &C::shared_read_bytes},
      {"shared_write_bytes", "bytes", "written to the shared buffer", &C::shared_write_bytes},
      {"shared_fill_bytes", "bytes", "misses of the shared buffer", &C::shared_fill_bytes},
      {"shared_writeback_bytes", "bytes", "dirty data evicted to DRAM", &C::shared_writeback_bytes},
      {"outer_read_bytes", "bytes", "read through the levels behind it", &C::outer_read_bytes},
      {"outer_write_bytes", "bytes", "written to the levels behind it", &C::outer_write_bytes},
      {"outer_fill_bytes", "bytes", "misses of the levels behind it", &C::outer_fill_bytes},
      {"outer_writeback_bytes", "bytes", "what the levels behind it passed on", &C::outer_writeback_bytes},
      {"dram_read_bytes", "bytes", "read from DRAM", &C::dram_read_bytes},
      {"dram_write_bytes", "bytes", "written to DRAM", &C::dram_write_bytes},
      {"dram_activates", "rows", "DRAM rows opened", &C::dram_activates},
      {"link_bytes", "bytes", "sent to other chips", &C::link_bytes},
      {"granules", "granules", "transfers simulated end to end", &C::granules},
      {"kernels", "kernels", "kernels run", &C::kernels},
  }};
  return kCounters;
}

std::uint64_t ActivityCounts::total_macs() const {
  std::uint64_t sum = 0;
  for (const std::uint64_t m : macs) sum += m;
  return sum;
}

bool operator==(const ActivityCounts& a, const ActivityCounts& b) {
  if (a.macs != b.macs) return false;
  for (const CounterInfo& c : counters()) {
    if (a.*c.member != b.*c.member) return false;
  }
  return true;
}

ActivityCounts& operator+=(ActivityCounts& a, const ActivityCounts& b) {
  for (std::size_t d = 0; d < kDTypeCount; ++d) a.macs[d] += b.macs[d];
  for (const CounterInfo& c : counters()) a.*c.member += b.*c.member;
  return a;
}

ActivityCounts operator-(const ActivityCounts& a, const ActivityCounts& b) {
  ActivityCounts r = a;
  for (std::size_t d = 0; d < kDTypeCount; ++d) r.macs[d] -= b.macs[d];
  for (const CounterInfo& c : counters()) r.*c.member -= b.*c.member;
  return r;
}

ActivityCounts operator*(const ActivityCounts& a, std::uint64_t times) {
  ActivityCounts r = a;
  for (std::size_t d = 0; d < kDTypeCount; ++d) r.macs[d] *= times;
  for (const CounterInfo& c : counters()) r.*c.member *= times;
  return r;
}

}  // namespace orrery
