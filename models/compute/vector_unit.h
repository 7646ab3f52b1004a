#pragma once
// The vector unit of one core, shared by the work items the core interleaves. Timing:
// sim/timing/vector_timing.

#include <systemc>

#include "models/core/calendar.h"
#include "models/core/clock_domain.h"
#include "sim/timing/vector_timing.h"

namespace orrery {

class VectorUnit : public sc_core::sc_module {
 public:
  VectorUnit(const sc_core::sc_module_name& name, const VectorUnitSpec& spec, const ClockDomain& clock);

  Femtoseconds service(const VectorWork& work) const { return clock_.time(work.cycles); }
  Femtoseconds service(Cycles cycles) const { return clock_.time(cycles); }
  Femtoseconds service(PartCycles cycles) const { return clock_.time(cycles); }
  VectorWork work(const VectorCost& cost, std::uint64_t rows, std::uint64_t cols) const {
    return vector_work(spec_, cost, rows, cols);
  }
  Femtoseconds reserve(Femtoseconds t, Femtoseconds service) { return calendar_.reserve(t, service); }
  void reset() { calendar_.reset(); }

 private:
  const VectorUnitSpec& spec_;
  const ClockDomain& clock_;
  Calendar calendar_;
};

}  // namespace orrery
