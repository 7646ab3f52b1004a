#pragma once
// Sizes at which something is simulated: whole numbers with few leading bits, so that neighbours differ by a
// share of themselves; what lies between is on a straight line.

#include <cstdint>

namespace orrery {

// Neighbours of a size: low <= size <= high, and how far it lies between them (0 to 1).
struct Between {
  std::uint64_t low = 0, high = 0;
  double share = 0;
};

// `bits` after the leading one: 2^bits sizes from each power of two to the next.
inline Between between(std::uint64_t size, unsigned bits) {
  unsigned width = 0;
  for (std::uint64_t rest = size; rest > 1; rest >>= 1) ++width;
  if (width <= bits) return {size, size, 0};
  const std::uint64_t step = std::uint64_t{1} << (width - bits);
  const std::uint64_t low = size & ~(step - 1);
  if (low == size) return {size, size, 0};
  return {low, low + step, static_cast<double>(size - low) / static_cast<double>(step)};
}

// The same for what goes by whole tiles, and so takes a step right behind a size: from there on to the next.
inline Between between_steps(std::uint64_t size, unsigned bits) {
  Between b = between(size, bits);
  if (b.low == b.high) return b;
  ++b.low;
  b.share = b.low == b.high ? 0 : static_cast<double>(size - b.low) / static_cast<double>(b.high - b.low);
  return b;
}

}  // namespace orrery
