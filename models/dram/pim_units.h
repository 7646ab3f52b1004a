#pragma once
// Units beside the banks of a machine's DRAM. A product takes the channels that it lies on: whatever else
// asks them waits behind it. At `tile` for as long as its commands add up to (pim_timing), at `cycle` for as
// long as they take one by one (pim_commands).

#include <systemc>

#include "models/core/component.h"
#include "models/dram/dram_controller.h"
#include "sim/program/program.h"
#include "sim/stats/activity_counts.h"
#include "sim/util/fidelity.h"

namespace orrery {

class PimUnits : public sc_core::sc_module, public Component {
 public:
  // `controller`: whose channels are taken; none at `cycle`, where nothing runs beside a product.
  PimUnits(const sc_core::sc_module_name& name, const DramSpec& spec, DramController* controller,
           ActivityCounts& counts);

  // Starts at `t`; when its last result is out.
  Femtoseconds run(const PimTask& task, Femtoseconds t);
  // Of a product that takes so long, the share in which units multiply.
  Femtoseconds multiplying(const PimTask& task, Femtoseconds time) const;

  bool idle() const override { return true; }
  std::string waiting_for() const override { return ""; }

 private:
  const DramSpec& spec_;
  DramController* controller_;
  ActivityCounts& counts_;
};

}  // namespace orrery
