#pragma once
// Closed-form price of a tile kernel on a machine: the slowest of engines, scratchpad, network, shared
// buffer, DRAM and bytes in flight, plus fill and tail. Used to rank mappings; what a run reports is
// simulated.

#include "sim/config/arch_spec.h"
#include "sim/program/tile_kernel.h"
#include "sim/stats/activity_counts.h"
#include "sim/stats/energy_breakdown.h"

namespace orrery {

class KernelEstimate {
 public:
  explicit KernelEstimate(const ArchSpec& arch);

  // Seconds, the device's kernel overhead included.
  double seconds(const TileKernel& kernel) const;

  // What it moves and computes, about.
  ActivityCounts counts(const TileKernel& kernel) const;

  // Seconds that DRAM takes for that.
  double dram_seconds(const ActivityCounts& counts) const {
    return static_cast<double>(counts.dram_bytes()) / dram_bytes_per_s_;
  }

  // Joules of one chip for a kernel that takes `seconds`: what it moves and computes, static power included.
  Joules energy_of(const TileKernel& kernel, double seconds) const;

  // Whether the buffers and accumulators of the kernel fit a core.
  bool fits(const TileKernel& kernel) const;

 private:
  const ArchSpec& arch_;
  double dram_bytes_per_s_;
  double shared_bytes_per_s_;  // 0 = no shared buffer
  double port_bytes_per_s_;
  double latency_s_;  // load to use from DRAM

  // Bytes of inputs that a level of `capacity` bytes must fetch, of the `loaded_bytes` asked of it.
  double missed_bytes(const TileKernel& kernel, double loaded_bytes, double capacity) const;
  // Seconds the levels behind the shared buffer need; 0 without any.
  double outer_s(const TileKernel& kernel, double loaded_bytes, double written_bytes) const;
  double steps_cycles(const TileKernel& kernel, const std::vector<VectorStep>& steps) const;
};

}  // namespace orrery
