#pragma once
// Micro-benchmark of a DRAM: a pattern at a load on the DRAM of a machine, or on some channels of a preset,
// measured after a warm-up.

#include <string>

#include "sim/config/arch_spec.h"
#include "sim/util/enum_names.h"

namespace orrery {

enum class ProbeFidelity : std::uint8_t { tile, cycle };
template <>
struct EnumNames<ProbeFidelity> {
  static constexpr std::array<const char*, 2> kWords = {"tile", "cycle"};
};

struct DramProbe {
  DramSpec dram;            // its channels are what is probed
  std::uint32_t alike = 1;  // DRAMs side by side with the same traffic; rates are of all of them
  std::string pattern = "seq_read";
  std::string mapping;              // "" = bank groups and pseudo channels interleaved
  std::string load = "saturating";  // saturating | dependent | share of the peak, e.g. 0.5
  ProbeFidelity fidelity = ProbeFidelity::cycle;
  double warm_up_ns = 30'000;
  double measured_ns = 200'000;
  std::uint64_t seed = 1;
};

// `channels` of a preset, and nothing around them.
DramSpec bare_dram(const DramDevice& device, std::uint32_t channels);

struct DramProbeResult {
  double peak_gb_per_s = 0;
  double achieved_gb_per_s = 0;
  double share_of_peak = 0;
  double latency_ns = 0;  // mean of reads, taken by the controller to data
  double p99_latency_ns = 0;
  double source_wait_ns = 0;     // mean, before the controller takes a read
  double energy_pj_per_bit = 0;  // core, 0 = no currents known
  double row_hit_rate = 0;
  std::uint64_t requests = 0;
};

// Simulates in this process, which must not have elaborated anything yet (fidelity `cycle`).
DramProbeResult run_dram_probe(const DramProbe& probe);

}  // namespace orrery
