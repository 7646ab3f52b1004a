#include "sim/config/arch_spec.h"

#include <algorithm>

namespace orrery {

const char* to_string(Dataflow dataflow) {
  switch (dataflow) {
    case Dataflow::weight_stationary:
      return "weight_stationary";
    case Dataflow::output_stationary:
      return "output_stationary";
    case Dataflow::input_stationary:
      return "input_stationary";
  }
  return "?";
}

double macs_per_cycle(const MatrixEngineSpec& engine, DType dtype) {
  const auto d = static_cast<std::size_t>(dtype);
  if (const auto* array = std::get_if<SystolicArraySpec>(&engine)) {
    return static_cast<double>(array->count) * array->rows * array->cols * array->rates[d];
  }
  const auto& dot = std::get<DotProductArraySpec>(engine);
  return static_cast<double>(dot.count) * dot.m * dot.n * dot.k * dot.rates[d];
}

double ArchSpec::peak_macs_per_s(DType dtype) const {
  return macs_per_cycle(cores.matrix, dtype) * cores.count * clock_hz;
}

bool ExecutionSpec::fuses(FusedOperator op) const {
  return std::find(fused.begin(), fused.end(), op) != fused.end();
}

std::uint64_t ArchSpec::shared_capacity_bytes() const {
  return shared_levels.empty() ? 0 : shared_levels.back().size_bytes;
}

}  // namespace orrery
