#pragma once
// Conversions and writes of arrays that multiply in memory; none of others.

#include <cstdint>

namespace orrery {

struct Conversions {
  std::uint64_t dac = 0, adc = 0;
  std::uint64_t cells_written = 0;
};

}  // namespace orrery
