#include "sim/config/arch_spec.h"

#include <algorithm>

#include "sim/util/errors.h"

namespace orrery {

namespace {

double macs_at_once(const SystolicArraySpec& spec) {
  return static_cast<double>(spec.count) * spec.rows * spec.cols;
}
double macs_at_once(const DotProductArraySpec& spec) {
  return static_cast<double>(spec.count) * spec.m * spec.n * spec.k;
}

double macs_at_once(const CrossbarSpec& spec) {
  return static_cast<double>(spec.count) * spec.rows * spec.weights_across() /
         spec.vector_cycles(spec.weights_across() * spec.columns_per_weight());
}

}  // namespace

double base_macs_per_cycle(const MatrixEngineSpec& engine) {
  return std::visit([](const auto& spec) { return macs_at_once(spec); }, engine);
}

double macs_per_cycle(const MatrixEngineSpec& engine, DType dtype) {
  return base_macs_per_cycle(engine) *
         std::visit([dtype](const auto& spec) { return spec.rates[static_cast<std::size_t>(dtype)]; },
                    engine);
}

bool supports_dtype(const MatrixEngineSpec& engine, DType dtype) {
  return macs_per_cycle(engine, dtype) > 0;
}

void check_format(const ArchSpec& arch, DType dtype) {
  if (supports_dtype(arch.cores.matrix, dtype)) return;
  std::string has;
  for (std::size_t d = 0; d < kDTypeCount; ++d) {
    const auto other = static_cast<DType>(d);
    if (supports_dtype(arch.cores.matrix, other))
      has += (has.empty() ? "" : ", ") + std::string(to_string(other));
  }
  throw ConfigError("", arch.name + " does not multiply " + to_string(dtype) + ": it has no rate for " +
                            to_string(dtype) + " among its matrix engine's 'rates' (it has " + has + ")");
}

double ArchSpec::peak_macs_per_s(DType dtype) const {
  return macs_per_cycle(cores.matrix, dtype) * cores.count * clock_hz;
}

bool threads_on_lanes(const MatrixEngineSpec& engine) {
  return std::holds_alternative<DotProductArraySpec>(engine);
}

bool ExecutionSpec::fuses(FusedOperator op) const {
  const auto has = [op](const std::vector<FusedOperator>& all) {
    return std::find(all.begin(), all.end(), op) != all.end();
  };
  return !has(apart) && (op >= FusedOperator::bias || has(fused));
}

std::uint64_t ArchSpec::shared_capacity_bytes() const {
  return shared_levels.empty() ? 0 : shared_levels.back().size_bytes;
}

}  // namespace orrery
