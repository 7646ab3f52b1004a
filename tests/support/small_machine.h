#pragma once
// A small complete machine, as a starting point for tests of single mechanisms.

#include "sim/config/arch_spec.h"

namespace orrery::test {

// One core with a 16 x 16 systolic array at 1 GHz, 256 KiB of scratchpad, no shared buffer, one DDR4-3200
// channel (25.6 GB/s), no latencies but the DRAM's own.
ArchSpec small_machine();

}  // namespace orrery::test
