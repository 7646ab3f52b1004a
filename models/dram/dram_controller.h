#pragma once
// A machine's DRAM at fidelity `tile` as its granules reach it: TileDram behind the chip-side bus, with its
// counters. Left out: command order (fidelity `cycle`).

#include <systemc>

#include "models/core/clock_domain.h"
#include "models/core/component.h"
#include "models/core/granule.h"
#include "models/dram/tile_dram.h"
#include "sim/stats/activity_counts.h"

namespace orrery {

class DramController : public sc_core::sc_module, public GranuleInterface, public Component {
 public:
  sc_core::sc_export<GranuleInterface> port;

  DramController(const sc_core::sc_module_name& name, const DramSpec& spec, const ClockDomain& clock,
                 ActivityCounts& counts);

  // Reads are served in the order of the calls; writes are posted.
  Reservation reserve(const Granule& granule, Femtoseconds t) override;

  // `bytes` on one channel only (another client of the memory, a hot channel).
  Reservation reserve_channel(ChannelId channel, Bytes bytes, Femtoseconds t);

  // All banks for `service` (units beside them work); when they are free again.
  Femtoseconds reserve_banks(Femtoseconds service, Femtoseconds t) { return dram_.reserve_banks(service, t); }

  // Writes what is still queued; returns when the last write, queued now or before, is through (0: there was
  // none).
  Femtoseconds drain(Femtoseconds t) { return dram_.drain(bus_fs_per_byte(), t); }
  // When the last channel is free of what has been taken so far.
  Femtoseconds busy_until() const { return dram_.busy_until(); }
  // Writes that drain together.
  Bytes write_batch() const { return dram_.write_batch(); }
  void reset() { dram_.reset(); }

  bool idle() const override { return dram_.queued_bytes() == Bytes{}; }
  std::string waiting_for() const override;

 private:
  TileDram dram_;
  ActivityCounts& counts_;
  const ClockDomain& clock_;
  double bus_cycles_per_byte_;  // of the chip-side bus
  Femtoseconds latency_;

  double bus_fs_per_byte() const { return bus_cycles_per_byte_ * clock_.fs_per_cycle(); }
  // A row a stripe, or a row a burst; streams that share banks seldom find their row still open.
  void count_activates(Bytes bytes, bool irregular);
};

}  // namespace orrery
