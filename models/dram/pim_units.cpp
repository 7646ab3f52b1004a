#include "models/dram/pim_units.h"

#include <algorithm>

#include "sim/timing/dram/pim_commands.h"

namespace orrery {

PimUnits::PimUnits(const sc_core::sc_module_name& name, const DramSpec& spec, DramController* controller,
                   ActivityCounts& counts)
    : sc_module(name), spec_(spec), controller_(controller), counts_(counts) {}

Femtoseconds PimUnits::run(const PimTask& task, Femtoseconds t) {
  const PimPlan& plan = task.plan;
  const std::uint64_t banks = std::uint64_t{plan.channels} * spec_.device.banks();
  counts_.pim_macs += task.macs;
  counts_.pim_array_bytes += plan.columns * banks * spec_.burst_bytes();
  counts_.pim_bus_bytes += (plan.input_bursts + plan.result_bursts) * plan.channels * spec_.burst_bytes();
  counts_.dram_activates += (plan.rows + 2 * plan.copies) * banks;
  if (controller_ == nullptr) return t + from_seconds(PimCommands(spec_, plan).run());
  return controller_->reserve_banks(from_seconds(pim_seconds(spec_, plan)), t);
}

Femtoseconds PimUnits::multiplying(const PimTask& task, Femtoseconds time) const {
  return std::min(time, from_ns(task.plan.interval_ns * static_cast<double>(task.plan.columns) +
                                task.plan.copy_ns * static_cast<double>(task.plan.copies)));
}

}  // namespace orrery
