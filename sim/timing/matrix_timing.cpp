#include "sim/timing/matrix_timing.h"

#include "sim/timing/crossbar_timing.h"
#include "sim/timing/dot_product_timing.h"
#include "sim/timing/systolic_timing.h"

namespace orrery {

Cycles matrix_cycles(const MatrixEngineSpec& engine, Dataflow dataflow, DType dtype, std::uint64_t m,
                     std::uint64_t n, std::uint64_t k, bool in_place) {
  return std::visit(
      [&](const auto& spec) {
        if constexpr (std::is_same_v<std::decay_t<decltype(spec)>, CrossbarSpec>) {
          return matrix_cycles(spec, dtype, m, n, k, in_place);
        } else {
          return matrix_cycles(spec, dataflow, dtype, m, n, k);
        }
      },
      engine);
}

Cycles matrix_latency_cycles(const MatrixEngineSpec& engine) {
  return std::visit([](const auto& spec) { return matrix_latency_cycles(spec); }, engine);
}

std::uint64_t issued_macs(const MatrixEngineSpec& engine, Dataflow dataflow, DType dtype, std::uint64_t m,
                          std::uint64_t n, std::uint64_t k) {
  const std::uint64_t issued =
      std::visit([&](const auto& spec) { return issued_macs(spec, dataflow, m, n, k); }, engine);
  return ceil_div<std::uint64_t>(issued * storage_bits(dtype), 16);
}

Conversions conversions(const MatrixEngineSpec& engine, std::uint64_t m, std::uint64_t n, std::uint64_t k,
                        bool in_place) {
  const auto* crossbar = std::get_if<CrossbarSpec>(&engine);
  return crossbar != nullptr ? conversions(*crossbar, m, n, k, in_place) : Conversions{};
}

std::vector<Dataflow> dataflows(const MatrixEngineSpec& engine) {
  return std::visit([](const auto& spec) { return dataflows(spec); }, engine);
}

Bytes operand_read_bytes(const MatrixEngineSpec& engine, Dataflow dataflow, std::uint32_t a_bits,
                         std::uint32_t b_bits, std::uint64_t m, std::uint64_t n, std::uint64_t k) {
  return std::visit(
      [&](const auto& spec) { return operand_read_bytes(spec, dataflow, a_bits, b_bits, m, n, k); }, engine);
}

}  // namespace orrery
