#include "sim/study/shapley.h"

namespace orrery {
namespace {

std::size_t members(ChangeSet set) {
  std::size_t count = 0;
  for (; set != 0; set &= set - 1) ++count;
  return count;
}

// Of the orders of n changes, the share in which a given one comes right behind `before` given others:
// before! (n - before - 1)! / n!.
double share_of_orders(std::size_t n, std::size_t before) {
  double share = 1.0 / static_cast<double>(n);
  for (std::size_t k = 0; k < before; ++k)
    share *= static_cast<double>(before - k) / static_cast<double>(n - 1 - k);
  return share;
}

}  // namespace

std::vector<double> shapley_shares(std::size_t n, const std::function<double(ChangeSet)>& value) {
  std::vector<double> shares(n, 0.0);
  for (ChangeSet set = 0; set < (ChangeSet{1} << n); ++set) {
    for (std::size_t i = 0; i < n; ++i) {
      const ChangeSet change = ChangeSet{1} << i;
      if ((set & change) == 0)
        shares[i] += share_of_orders(n, members(set)) * (value(set | change) - value(set));
    }
  }
  return shares;
}

}  // namespace orrery
