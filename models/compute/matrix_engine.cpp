#include "models/compute/matrix_engine.h"

namespace orrery {

MatrixEngine::MatrixEngine(const sc_core::sc_module_name& name, const MatrixEngineSpec& spec,
                           const ClockDomain& clock)
    : sc_module(name), spec_(spec), clock_(clock), latency_cycles_(matrix_latency_cycles(spec)) {}

Femtoseconds MatrixEngine::service(Dataflow dataflow, DType dtype, std::uint64_t m, std::uint64_t n,
                                   std::uint64_t k) const {
  return clock_.cycles(matrix_cycles(spec_, dataflow, dtype, m, n, k));
}

}  // namespace orrery
