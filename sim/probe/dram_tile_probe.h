#pragma once
// The DRAM micro-benchmark at fidelity `tile`: calendars, no events.

#include "sim/probe/dram_probe.h"
#include "sim/workload/access_pattern.h"
#include "sim/workload/traffic_load.h"

namespace orrery {

DramProbeResult run_dram_tile_probe(const DramProbe& probe, const DramMapping& mapping, AccessPattern pattern,
                                    const TrafficLoad& load);

}  // namespace orrery
