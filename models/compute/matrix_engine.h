#pragma once
// The matrix engines of one core (systolic arrays or dot-product arrays), shared by the work items the core
// interleaves. Timing comes from sim/timing/matrix_timing or, at fidelity `cycle`, from a systolic array
// simulated element by element; this adds who waits for whom.

#include <map>
#include <memory>
#include <systemc>
#include <tuple>

#include "models/compute/pe_array.h"
#include "models/core/calendar.h"
#include "models/core/clock_domain.h"
#include "sim/program/tile_kernel.h"
#include "sim/timing/matrix_timing.h"

namespace orrery {

class MatrixEngine : public sc_core::sc_module {
 public:
  MatrixEngine(const sc_core::sc_module_name& name, const MatrixEngineSpec& spec, const ClockDomain& clock,
               bool by_element = false);

  // Service time of an m x n x k product; what reserve() is called with.
  Femtoseconds service(Dataflow dataflow, DType dtype, std::uint64_t m, std::uint64_t n, std::uint64_t k,
                       bool in_place = false) const;
  Femtoseconds latency() const { return clock_.time(latency_); }
  const MatrixEngineSpec& spec() const { return spec_; }

  Femtoseconds reserve(Femtoseconds t, Femtoseconds service) { return calendar_.reserve(t, service); }
  void reset() { calendar_.reset(); }

 private:
  const MatrixEngineSpec& spec_;
  const ClockDomain& clock_;
  Cycles latency_;
  Calendar calendar_;
  std::unique_ptr<PeArray> elements_;  // null: by formula
  mutable std::map<std::tuple<Dataflow, std::uint64_t, std::uint64_t, std::uint64_t>, Cycles> seen_;

  Cycles simulated_cycles(Dataflow dataflow, DType dtype, std::uint64_t m, std::uint64_t n,
                          std::uint64_t k) const;
};

}  // namespace orrery
