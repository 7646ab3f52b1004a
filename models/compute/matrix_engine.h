#pragma once
// The matrix engines of one core (systolic arrays or dot-product arrays), shared by the work items the core
// interleaves. Timing comes from sim/timing/matrix_timing; this adds who waits for whom.

#include <systemc>

#include "models/core/calendar.h"
#include "models/core/clock_domain.h"
#include "sim/program/tile_kernel.h"
#include "sim/timing/matrix_timing.h"

namespace orrery {

class MatrixEngine : public sc_core::sc_module {
 public:
  MatrixEngine(const sc_core::sc_module_name& name, const MatrixEngineSpec& spec, const ClockDomain& clock);

  // Service time of an m x n x k product; what reserve() is called with.
  Femtoseconds service(Dataflow dataflow, DType dtype, std::uint64_t m, std::uint64_t n,
                       std::uint64_t k) const;
  Femtoseconds latency() const { return clock_.cycles(latency_cycles_); }
  const MatrixEngineSpec& spec() const { return spec_; }

  Femtoseconds reserve(Femtoseconds t, Femtoseconds service) { return calendar_.reserve(t, service); }
  void reset() { calendar_.reset(); }

 private:
  const MatrixEngineSpec& spec_;
  const ClockDomain& clock_;
  std::uint64_t latency_cycles_;
  Calendar calendar_;
};

}  // namespace orrery
