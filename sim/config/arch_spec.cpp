#include "sim/config/arch_spec.h"

#include <algorithm>

namespace orrery {

namespace {

double macs_at_once(const SystolicArraySpec& spec) {
  return static_cast<double>(spec.count) * spec.rows * spec.cols;
}
double macs_at_once(const DotProductArraySpec& spec) {
  return static_cast<double>(spec.count) * spec.m * spec.n * spec.k;
}

}  // namespace

double macs_per_cycle(const MatrixEngineSpec& engine, DType dtype) {
  return std::visit(
      [&](const auto& spec) { return macs_at_once(spec) * spec.rates[static_cast<std::size_t>(dtype)]; },
      engine);
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
