#include "sim/timing/dram_timing.h"

#include <algorithm>
#include <cmath>

namespace orrery {

DramTiming::DramTiming(const DramSpec& spec) : spec_(spec) {
  const double clock = spec.clock_ns();
  const double transfer_ns = 1e3 * spec.burst_length / spec.data_rate_mtps;
  // Consecutive bursts alternate bank groups, so the short column spacing applies; with one group, the long
  // one.
  const double ccd = (spec.bank_groups > 1 ? spec.nccd_s : spec.nccd_l) * clock;
  burst_ns_ = std::max(transfer_ns, ccd);
  const double banks = static_cast<double>(spec.bank_groups) * spec.banks_per_group;
  row_open_ns_ = std::max({spec.trrd_s_ns, spec.tfaw_ns / 4, spec.trc_ns / banks});
  refresh_factor_ = 1.0 / (1.0 - spec.trfc_ns / spec.trefi_ns);
  stream_burst_ns_ = spec.mixed_stream_share > 0
                         ? std::max(transfer_ns / spec.mixed_stream_share, burst_ns_ * refresh_factor_)
                         : burst_ns_ * refresh_factor_;
  const double write_to_read = spec.cwl_ns + transfer_ns + spec.twtr_l_ns;
  const double read_to_write = std::max(0.0, spec.cl_ns - spec.cwl_ns) + transfer_ns + clock;
  turnaround_ns_ = write_to_read + read_to_write;
  read_latency_ns_ = spec.trp_ns + spec.trcd_ns + spec.cl_ns + transfer_ns;
  write_batch_bytes_ = spec.write_queue_bursts * spec.burst_bytes();
}

double DramTiming::busy_ns(double bytes, double chunk_bytes) const {
  if (bytes <= 0) return 0;
  const auto burst = static_cast<double>(spec_.burst_bytes());
  const double chunk = std::min(std::max(chunk_bytes, burst), static_cast<double>(spec_.page_bytes));
  const double chunks = std::max(1.0, bytes / chunk);
  const double bursts = std::max(bytes, burst) / burst;
  return std::max(bursts * stream_burst_ns_, chunks * row_open_ns_ * refresh_factor_);
}

double DramTiming::stream_bytes_per_s() const {
  const auto page = static_cast<double>(spec_.page_bytes);
  return page / (busy_ns(page, page) * 1e-9) * spec_.channels;
}

}  // namespace orrery
