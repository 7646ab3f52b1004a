#pragma once
// Whose doing a difference is, where several changes act together: the mean effect of each over all orders of
// making them (Shapley, 1953), so that the shares add up to the whole.

#include <cstddef>
#include <functional>
#include <vector>

namespace orrery {

// A set of changes: bit i stands for the i-th.
using ChangeSet = std::size_t;

// The shares of `n` changes in value(all of them) - value(none); `value` is asked for every set, 2^n of them.
std::vector<double> shapley_shares(std::size_t n, const std::function<double(ChangeSet)>& value);

}  // namespace orrery
