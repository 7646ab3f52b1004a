#pragma once
// A product on the units of one channel, command by command (fidelity `cycle`): activates under tRRD and
// tFAW, column commands to all banks, inputs and results over the data bus, precharges and refreshes of all
// banks, each as early as every JEDEC timing lets it.

#include "sim/timing/dram/dram_request.h"
#include "sim/timing/dram/pim_timing.h"

namespace orrery {

class PimCommands {
 public:
  // `plan` is of `dram`, which has units.
  PimCommands(const DramSpec& dram, const PimPlan& plan);

  // Plays all of it; seconds until the last result is out. Refreshes come as often as they fall due.
  double run();
  const DramCommandCounts& counts() const { return counts_; }

 private:
  const PimPlan plan_;
  const DramDevice device_;  // of one data bus
  const std::uint32_t activate_banks_;
  DramTimingState timing_;
  DramCommandCounts counts_;
  DramTick interval_;
  DramTick write_ticks_, read_ticks_;  // of a burst on the data bus
  DramTick refresh_interval_, next_refresh_;
  DramTick supply_interval_;  // in which the supply has opened two rows of all banks
  DramTick bus_free_ = 0;

  void refresh(DramTick now);
  // Copies a row of all banks, from `t` on; when the next may open.
  DramTick copy_row(DramTick t);
  // Opens the next row of all banks, from `t` on; when the last one may be read.
  DramTick open_row(DramTick t);
};

}  // namespace orrery
