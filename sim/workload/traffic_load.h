#pragma once
// How fast a micro-benchmark offers its accesses, and what it measured.

#include <cstdint>
#include <string>

namespace orrery {

// saturating: as fast as they are taken. rate: evenly spaced. dependent: each waits for the answer to the one
// before.
struct TrafficLoad {
  enum class Kind : std::uint8_t { saturating, rate, dependent };
  Kind kind = Kind::saturating;
  double bytes_per_s = 0;  // rate
};

// "saturating", "dependent" or a share of the peak ("0.5"). Throws ConfigError.
TrafficLoad parse_traffic_load(const std::string& text, double peak_bytes_per_s);

// Between the end of the warm-up and the end of the run.
struct TrafficResult {
  std::uint64_t bytes = 0;
  std::uint64_t reads = 0, writes = 0;
  double seconds = 0;
  double mean_latency_ns = 0;  // reads, taken to answered
  double p99_latency_ns = 0;
  double mean_source_wait_ns = 0;  // reads, arrived to taken
};

}  // namespace orrery
