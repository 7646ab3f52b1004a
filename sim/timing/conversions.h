#pragma once
// Conversions of an array that multiplies in memory; none of others.

#include <cstdint>

namespace orrery {

struct Conversions {
  std::uint64_t dac = 0, adc = 0;
};

}  // namespace orrery
