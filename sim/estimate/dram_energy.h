#pragma once
// DRAM core energy from supply currents, the way data sheets define them (and DRAM power calculators use
// them): an activate-precharge pair takes IDD0 over tRC less the standby it replaces, a burst (IDD4R or IDD4W
// - IDD3N) for its clocks, a refresh (IDD5 - IDD3N) for tRFC, and standby IDD3N or IDD2N all the time.
// I/O, PHY and controller are not in it.

#include <cstdint>

#include "sim/config/dram_device.h"

namespace orrery {

struct DramActivity {
  std::uint64_t activates = 0, reads = 0, writes = 0, refreshes = 0, bank_refreshes = 0;
  double seconds = 0;
  double active_seconds = 0;  // some row open, summed over pseudo channels
};

// Joules of one channel. The device must have currents.
double dram_core_energy_j(const DramDevice& device, const DramActivity& activity);

}  // namespace orrery
