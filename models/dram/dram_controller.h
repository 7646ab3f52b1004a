#pragma once
// DRAM channels behind one controller. Reads are served in the order of the calls; writes gather until every
// channel's write queue is full, or has nothing else to do, and then drain in one batch, which costs one turn
// of the bus each way. Inside a granule time comes from the JEDEC timings (sim/timing/dram_timing). Left out:
// command order (fidelity `cycle`).

#include <systemc>

#include "models/core/clock_domain.h"
#include "models/core/component.h"
#include "models/core/granule.h"
#include "models/dram/dram_channels.h"
#include "sim/stats/activity_counts.h"
#include "sim/timing/dram_timing.h"

namespace orrery {

class DramController : public sc_core::sc_module, public GranuleInterface, public Component {
 public:
  sc_core::sc_export<GranuleInterface> port;

  DramController(const sc_core::sc_module_name& name, const DramSpec& spec, const ClockDomain& clock,
                 ActivityCounts& counts);

  Reservation reserve(const Granule& granule, Femtoseconds t) override;

  // `bytes` on one channel only (another client of the memory, a hot channel).
  Reservation reserve_channel(ChannelId channel, std::uint64_t bytes, Femtoseconds t);

  // Writes what is still queued; returns when the last write, queued now or before, is through (0: there was
  // none).
  Femtoseconds drain(Femtoseconds t);
  // When the last channel is free of what has been taken so far.
  Femtoseconds busy_until() const { return channels_.free_at(); }
  void reset();

  const DramTiming& timing() const { return timing_; }
  bool idle() const override { return queued_write_bytes_ == 0; }
  std::string waiting_for() const override;

 private:
  DramTiming timing_;
  ActivityCounts& counts_;
  DramChannels channels_;
  const ClockDomain& clock_;
  double fs_per_byte_ = 0;            // all channels together, rows hit as far as the interleave allows
  double scattered_fs_per_byte_ = 0;  // a row a burst
  double bus_cycles_per_byte_ = 0;    // of the chip-side bus
  Femtoseconds latency_;
  std::uint64_t queued_write_bytes_ = 0;
  Femtoseconds batch_end_ = 0;    // of the last batch of writes
  bool read_since_batch_ = true;  // the bus must turn round
  std::uint64_t write_batch_bytes_;

  Femtoseconds service(std::uint64_t bytes, bool irregular) const;
  // A row a stripe, or a row a burst; streams that share banks seldom find their row still open.
  void count_activates(std::uint64_t bytes, bool irregular);
  void drain_batch(std::uint64_t bytes, Femtoseconds t);
};

}  // namespace orrery
