#pragma once
// A crossbar between cores and memory: each core has a port in each direction; the fabric between is
// non-blocking (the memory side is the shared buffer's or the DRAM's own bandwidth). Source of the shape: any
// textbook crossbar; left out: arbitration among ports that ask for the same slice. Cores of a cluster that
// ask for the same tile while it is on its way share one read of memory (NVIDIA's TMA multicast).

#include <vector>

#include "models/core/calendar.h"
#include "models/core/clock_domain.h"
#include "models/noc/cluster_reads.h"
#include "models/noc/network.h"
#include "sim/config/arch_spec.h"
#include "sim/stats/activity_counts.h"

namespace orrery {

class Crossbar : public Network {
 public:
  // `cores` ports of the spec's width, and one more for the chip's links, as wide as they are (so that it is
  // never narrower than what it feeds).
  Crossbar(const sc_core::sc_module_name& name, const NetworkSpec& spec, double link_bytes_per_s,
           std::uint32_t cores, const ClockDomain& clock, ActivityCounts& counts);

  Reservation reserve(const Granule& granule, Femtoseconds t) override;

  void reset() override;

 private:
  const ClockDomain& clock_;
  const double port_bytes_per_cycle_;
  const double link_fs_per_byte_;  // 0 = as the cores' ports
  Femtoseconds latency_;
  ActivityCounts& counts_;
  ClusterReads cluster_reads_;
  std::vector<Calendar> to_core_;
  std::vector<Calendar> from_core_;
};

}  // namespace orrery
