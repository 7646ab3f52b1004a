#include "sim/timing/matrix_timing.h"

#include "sim/timing/dot_product_timing.h"
#include "sim/timing/systolic_timing.h"
#include "sim/util/errors.h"

namespace orrery {

Cycles matrix_cycles(const MatrixEngineSpec& engine, Dataflow dataflow, DType dtype, std::uint64_t m,
                     std::uint64_t n, std::uint64_t k) {
  return std::visit([&](const auto& spec) { return matrix_cycles(spec, dataflow, dtype, m, n, k); }, engine);
}

Cycles matrix_latency_cycles(const MatrixEngineSpec& engine) {
  return std::visit([](const auto& spec) { return matrix_latency_cycles(spec); }, engine);
}

std::uint64_t issued_macs(const MatrixEngineSpec& engine, Dataflow dataflow, std::uint64_t m, std::uint64_t n,
                          std::uint64_t k) {
  return std::visit([&](const auto& spec) { return issued_macs(spec, dataflow, m, n, k); }, engine);
}

Conversions conversions(const MatrixEngineSpec& engine, Dataflow dataflow, std::uint64_t m, std::uint64_t n,
                        std::uint64_t k) {
  return std::visit([&](const auto& spec) { return conversions(spec, dataflow, m, n, k); }, engine);
}

std::vector<Dataflow> dataflows(const MatrixEngineSpec& engine) {
  return std::visit([](const auto& spec) { return dataflows(spec); }, engine);
}

Bytes operand_read_bytes(const MatrixEngineSpec& engine, Dataflow dataflow, std::uint32_t a_bits,
                         std::uint32_t b_bits, std::uint64_t m, std::uint64_t n, std::uint64_t k) {
  return std::visit(
      [&](const auto& spec) { return operand_read_bytes(spec, dataflow, a_bits, b_bits, m, n, k); }, engine);
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

}  // namespace orrery
