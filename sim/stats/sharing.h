#pragma once
// How the instances of a block (cores, DRAM channels) share its work. Not all of them are kept: what they do
// together, and which does most.

#include <array>
#include <cstdint>
#include <vector>

namespace orrery {

struct Sharing {
  double sum = 0;           // over the instances
  double largest = 0;       // of one
  std::uint32_t which = 0;  // it is
  std::uint32_t instances = 0;

  double mean() const { return instances > 0 ? sum / instances : 0; }
};

// Of the first one that does most.
Sharing sharing_of(const std::vector<std::uint64_t>& counts);
// Of `all` in sum: what is missing was done by all instances alike.
Sharing completed(const Sharing& sharing, std::uint64_t all);

// One after the other: the busiest of each, added up; which one, of the larger part.
Sharing& operator+=(Sharing& a, const Sharing& b);
Sharing operator*(const Sharing& a, double times);

// The work that is told apart by instance.
enum class SharedWork : std::uint8_t {
  core_macs,        // issued, as 16-bit ones
  core_vector_ops,  // transcendental ones included
  core_bytes,       // moved to and from the core
  channel_bytes,    // of DRAM; at fidelity `tile` granules are striped over all channels, which none counts
};
inline constexpr std::size_t kSharedWorks = 4;
using WorkSharing = std::array<Sharing, kSharedWorks>;

}  // namespace orrery
