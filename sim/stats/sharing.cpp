#include "sim/stats/sharing.h"

#include <algorithm>

namespace orrery {

Sharing sharing_of(const std::vector<std::uint64_t>& counts) {
  Sharing sharing;
  sharing.instances = static_cast<std::uint32_t>(counts.size());
  for (std::size_t i = 0; i < counts.size(); ++i) {
    const auto count = static_cast<double>(counts[i]);
    sharing.sum += count;
    if (count <= sharing.largest) continue;
    sharing.largest = count;
    sharing.which = static_cast<std::uint32_t>(i);
  }
  return sharing;
}

Sharing completed(const Sharing& sharing, std::uint64_t all) {
  Sharing whole = sharing;
  if (sharing.sum <= 0) return whole;
  whole.sum = static_cast<double>(all);
  whole.largest += std::max(0.0, whole.sum - sharing.sum) / sharing.instances;
  return whole;
}

Sharing& operator+=(Sharing& a, const Sharing& b) {
  if (b.largest > a.largest) a.which = b.which;
  a.sum += b.sum;
  a.largest += b.largest;
  a.instances = std::max(a.instances, b.instances);
  return a;
}

Sharing operator*(const Sharing& a, double times) {
  return {a.sum * times, a.largest * times, a.which, a.instances};
}

}  // namespace orrery
