#pragma once
// A core's mover of granules: splits tiles into granules and keeps a bounded number in flight. The bound is
// the core's back-pressure (Little's law: rate <= outstanding bytes / latency).

#include <systemc>
#include <vector>

#include "models/core/granule.h"
#include "sim/config/arch_spec.h"
#include "sim/stats/activity_counts.h"

namespace orrery {

class DmaEngine : public sc_core::sc_module {
 public:
  sc_core::sc_port<GranuleInterface> network;

  DmaEngine(const sc_core::sc_module_name& name, const DmaSpec& spec, ActivityCounts& counts);

  // When a granule may next be issued: now, or when the oldest of a full set has arrived.
  Femtoseconds may_issue_at(Femtoseconds now) const;
  // Issues one granule (at most max_granule_bytes) now; may_issue_at(now) must have been <= now.
  Reservation issue(const Granule& granule, Femtoseconds now);

  // Writes a tile of granule.bytes: posted, so it takes no place among the outstanding loads.
  Reservation store(const Granule& tile, Femtoseconds now);

  Bytes max_granule() const { return Bytes{spec_.max_granule_bytes}; }
  void reset();

 private:
  const DmaSpec spec_;
  ActivityCounts& counts_;
  std::vector<Femtoseconds> done_;  // arrival of the last max_outstanding granules, a ring
  std::size_t next_ = 0;
};

}  // namespace orrery
