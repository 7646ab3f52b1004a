#include "sim/timing/dot_product_timing.h"

namespace orrery {

Cycles matrix_cycles(const DotProductArraySpec& spec, Dataflow /*dataflow*/, DType dtype, std::uint64_t m,
                     std::uint64_t n, std::uint64_t k) {
  const auto padded = static_cast<double>(round_up<std::uint64_t>(m, spec.instruction_m)) *
                      static_cast<double>(round_up<std::uint64_t>(n, spec.instruction_n)) *
                      static_cast<double>(round_up<std::uint64_t>(k, spec.instruction_k));
  const double rate = static_cast<double>(spec.count) * spec.m * spec.n * spec.k *
                      spec.rates[static_cast<std::size_t>(dtype)] * spec.issue_rate;
  return Cycles{static_cast<std::uint64_t>(std::ceil(padded / rate))};
}

Cycles matrix_latency_cycles(const DotProductArraySpec& spec) {
  return Cycles{spec.latency_cycles};
}

std::uint64_t issued_macs(const DotProductArraySpec& spec, Dataflow /*dataflow*/, std::uint64_t m,
                          std::uint64_t n, std::uint64_t k) {
  return round_up<std::uint64_t>(m, spec.instruction_m) * round_up<std::uint64_t>(n, spec.instruction_n) *
         round_up<std::uint64_t>(k, spec.instruction_k);
}

// Sums stay in the accumulators.
std::vector<Dataflow> dataflows(const DotProductArraySpec& /*spec*/) {
  return {Dataflow::output_stationary};
}

Bytes operand_read_bytes(const DotProductArraySpec& spec, Dataflow /*dataflow*/, std::uint32_t a_bits,
                         std::uint32_t b_bits, std::uint64_t m, std::uint64_t n, std::uint64_t k) {
  const auto a_times = ceil_div<std::uint64_t>(n, spec.block_n);
  const auto b_times = ceil_div<std::uint64_t>(m, spec.block_m);
  return Bytes{(m * k * a_bits * a_times + k * n * b_bits * b_times) / 8};
}

}  // namespace orrery
