#pragma once
// Reproducible random operators (own generator: the same on every host).

#include <cstdint>

#include "sim/config/arch_spec.h"
#include "sim/workload/operator.h"

namespace orrery::test {

class Random {
 public:
  explicit Random(std::uint64_t seed) : state_(seed) {}
  std::uint64_t next();  // splitmix64
  std::uint64_t below(std::uint64_t n) { return next() % n; }
  // Spread evenly in the logarithm over [low, high].
  std::uint64_t log_uniform(std::uint64_t low, std::uint64_t high);

 private:
  std::uint64_t state_;
};

// 1 to `most`: small ones, primes, powers of two and one more, or anything.
std::uint64_t wild_extent(Random& random, std::uint64_t most);

// A matmul, attention, row-wise or element-wise operator of a transformer's proportions; at most about
// `most_macs` multiply-accumulates. In the machine's default format.
Operator random_operator(Random& random, const ArchSpec& arch, std::uint64_t most_macs);

// An operator of any size and kind, in any format that the machine multiplies: dimensions of 1 to 64, primes,
// powers of two and one more, or anything.
Operator wild_operator(Random& random, const ArchSpec& arch, std::uint64_t most_macs);

// One with many tiles: products, often with a thin k, and rows of every kind. `big`: for machines that take
// them fast.
Operator long_operator(Random& random, const ArchSpec& arch, bool big);

}  // namespace orrery::test
