#pragma once
// Who is beaten by nobody. Figures are smaller-is-better; maximised ones come negated.

#include <cstddef>
#include <vector>

namespace orrery {

// Indices of the points that no other beats in all figures (equal in some, better in one), in the order of
// their first figure. Equal points are all kept.
std::vector<std::size_t> pareto_front(const std::vector<std::vector<double>>& figures);

// The first `count` of the points when fronts are peeled off one after the other; within the last front those
// of the lowest first figure.
std::vector<std::size_t> best_by_fronts(const std::vector<std::vector<double>>& figures, std::size_t count);

}  // namespace orrery
