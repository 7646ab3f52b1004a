#include "models/compute/matrix_engine.h"

#include <cmath>

namespace orrery {

MatrixEngine::MatrixEngine(const sc_core::sc_module_name& name, const MatrixEngineSpec& spec,
                           const ClockDomain& clock, bool by_element)
    : sc_module(name), spec_(spec), clock_(clock), latency_(matrix_latency_cycles(spec)) {
  const auto* array = std::get_if<SystolicArraySpec>(&spec);
  if (by_element && array != nullptr)
    elements_ = std::make_unique<PeArray>(array->rows, array->cols, array->double_buffered, array->load_rows,
                                          array->drains_by_column);
}

Femtoseconds MatrixEngine::service(Dataflow dataflow, DType dtype, std::uint64_t m, std::uint64_t n,
                                   std::uint64_t k, bool in_place) const {
  if (elements_) return clock_.time(simulated_cycles(dataflow, dtype, m, n, k));
  return clock_.time(matrix_cycles(spec_, dataflow, dtype, m, n, k, in_place));
}

// The folds are dealt out over the arrays; the first has the most.
Cycles MatrixEngine::simulated_cycles(Dataflow dataflow, DType dtype, std::uint64_t m, std::uint64_t n,
                                      std::uint64_t k) const {
  const auto& array = std::get<SystolicArraySpec>(spec_);
  const auto [it, fresh] = seen_.try_emplace({dataflow, m, n, k});
  if (fresh) it->second = elements_->run(dataflow, {m, n, k}, array.count);
  const double rate = array.rates[static_cast<std::size_t>(dtype)];
  return Cycles{static_cast<std::uint64_t>(std::ceil((it->second - latency_).real() / rate))};
}

}  // namespace orrery
