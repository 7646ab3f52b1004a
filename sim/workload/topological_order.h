#pragma once
// An order of what depends on each other.

#include <cstddef>
#include <vector>

namespace orrery {

struct TopologicalOrder {
  std::vector<std::size_t> order;
  std::vector<std::size_t> cycle;  // each needs the next, the last the first; none where there is an order
};

// Depth first: the written order where dependences allow it. `needs[i]`: what i comes after. In time of all
// dependences, at any depth.
TopologicalOrder topological_order(const std::vector<std::vector<std::size_t>>& needs);

}  // namespace orrery
