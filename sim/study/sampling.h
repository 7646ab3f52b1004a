#pragma once
// Samples of a grid of choices, without drawing one twice. Seeded; the same on every machine.

#include <cstdint>
#include <vector>

namespace orrery {

// Up to `points` different choices, each place uniform over 0 to extent - 1.
std::vector<std::vector<std::uint32_t>> random_choices(const std::vector<std::uint32_t>& extents,
                                                       std::uint64_t points, std::uint64_t seed);

// Latin hypercube: along each place the points are spread evenly over its values, in a shuffled order of its
// own. Where values are fewer than points they repeat equally often; equal choices are dropped.
std::vector<std::vector<std::uint32_t>> latin_hypercube_choices(const std::vector<std::uint32_t>& extents,
                                                                std::uint64_t points, std::uint64_t seed);

}  // namespace orrery
