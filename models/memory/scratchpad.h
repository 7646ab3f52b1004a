#pragma once
// A core's banked scratchpad: its capacity is checked when a kernel's buffers are laid out, and its banks
// bound how fast the engines and the DMA engine can feed on it together.

#include <systemc>

#include "models/core/clock_domain.h"
#include "sim/config/arch_spec.h"
#include "sim/util/amount.h"

namespace orrery {

class Scratchpad : public sc_core::sc_module {
 public:
  Scratchpad(const sc_core::sc_module_name& name, const ScratchpadSpec& spec, const ClockDomain& clock);

  // Lays out `bytes` of buffers for a kernel. Throws SimulationError when they do not fit.
  void allocate(Bytes bytes);
  Bytes allocated_bytes() const { return allocated_; }

  // Time all banks need to move `bytes` (reads and writes together), no conflicts.
  Femtoseconds service(Bytes bytes) const;

 private:
  const ScratchpadSpec& spec_;
  const ClockDomain& clock_;
  Bytes allocated_;
};

}  // namespace orrery
