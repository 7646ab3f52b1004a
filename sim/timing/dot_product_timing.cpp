#include "sim/timing/dot_product_timing.h"

namespace orrery {

Cycles dot_product_cycles(const DotProductArraySpec& spec, DType dtype, std::uint64_t m, std::uint64_t n,
                          std::uint64_t k) {
  const double padded = static_cast<double>(round_up<std::uint64_t>(m, spec.instruction_m)) *
                        static_cast<double>(round_up<std::uint64_t>(n, spec.instruction_n)) *
                        static_cast<double>(round_up<std::uint64_t>(k, spec.instruction_k));
  const double rate = static_cast<double>(spec.count) * spec.m * spec.n * spec.k *
                      spec.rates[static_cast<std::size_t>(dtype)] * spec.issue_rate;
  return Cycles{static_cast<std::uint64_t>(std::ceil(padded / rate))};
}

}  // namespace orrery
