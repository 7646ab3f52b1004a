#pragma once
// Integer products and sums that say so when they do not fit, in place of wrapping round: counts of elements,
// bytes and operations of what a user wrote.

#include <cstdint>
#include <initializer_list>

namespace orrery {

// Throws ConfigError ("a size beyond 2^64").
[[noreturn]] void throw_size_overflow();

inline std::uint64_t checked_sum(std::uint64_t a, std::uint64_t b) {
  std::uint64_t sum = 0;
  if (__builtin_add_overflow(a, b, &sum)) throw_size_overflow();
  return sum;
}

inline std::uint64_t checked_product(std::initializer_list<std::uint64_t> factors) {
  std::uint64_t product = 1;
  for (const std::uint64_t f : factors) {
    if (__builtin_mul_overflow(product, f, &product)) throw_size_overflow();
  }
  return product;
}

}  // namespace orrery
