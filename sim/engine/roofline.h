#pragma once
// Fidelity `roofline`: the least time any schedule of an operator could take on the machine (Williams et al.
// 2009). Counts only bytes that cannot already be on chip; peaks, no latencies, no launch. Nothing simulated
// may beat it.

#include "sim/config/arch_spec.h"
#include "sim/stats/activity_counts.h"
#include "sim/stats/time_split.h"
#include "sim/workload/operator.h"

namespace orrery {

struct RooflineBound {
  double seconds = 0;
  TimeCategory bound = TimeCategory::compute;
  ActivityCounts counts;
};

// Seconds and bytes that the distinct weights and cached keys and values of a whole graph take from DRAM,
// less what the chip can hold: the operators share the on-chip levels. What units beside the banks may
// multiply where it lies is left out.
RooflineBound roofline_of_weights(const OperatorGraph& graph, const ArchSpec& arch);

// `cold`: a kernel on its own, whose inputs are in DRAM and whose outputs may stay on chip; else what was
// used or made before may be on chip as far as the on-chip levels hold it.
RooflineBound roofline(const Operator& op, const ArchSpec& arch, bool cold);

// MACs a second of the units in memory on this operator; 0: they do not take it.
double peak_in_memory_macs_per_s(const Operator& op, const ArchSpec& arch);

}  // namespace orrery
