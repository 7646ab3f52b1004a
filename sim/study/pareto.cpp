#include "sim/study/pareto.h"

#include <algorithm>
#include <numeric>

namespace orrery {
namespace {

bool beats(const std::vector<double>& a, const std::vector<double>& b) {
  bool better = false;
  for (std::size_t i = 0; i < a.size(); ++i) {
    if (a[i] > b[i]) return false;
    better = better || a[i] < b[i];
  }
  return better;
}

// Front of those in `among`. Sorted, a point is beaten only by one before it, and by one of the front at
// that.
std::vector<std::size_t> front_of(const std::vector<std::vector<double>>& figures,
                                  std::vector<std::size_t> among) {
  std::sort(among.begin(), among.end(), [&](std::size_t a, std::size_t b) {
    return figures[a] != figures[b] ? figures[a] < figures[b] : a < b;
  });
  std::vector<std::size_t> front;
  double least_second = 0;
  for (const std::size_t i : among) {
    const std::vector<double>& f = figures[i];
    bool beaten = false;
    if (f.size() == 2 && !front.empty()) {
      beaten = f[1] > least_second || (f[1] == least_second && figures[front.back()][0] < f[0]);
    } else {
      beaten = std::any_of(front.rbegin(), front.rend(), [&](std::size_t k) { return beats(figures[k], f); });
    }
    if (beaten) continue;
    front.push_back(i);
    if (f.size() == 2) least_second = f[1];
  }
  return front;
}

}  // namespace

std::vector<std::size_t> pareto_front(const std::vector<std::vector<double>>& figures) {
  std::vector<std::size_t> all(figures.size());
  std::iota(all.begin(), all.end(), std::size_t{0});
  return front_of(figures, std::move(all));
}

std::vector<std::size_t> best_by_fronts(const std::vector<std::vector<double>>& figures, std::size_t count) {
  std::vector<std::size_t> left(figures.size());
  std::iota(left.begin(), left.end(), std::size_t{0});
  std::vector<std::size_t> best;
  while (best.size() < count && !left.empty()) {
    std::vector<std::size_t> front = front_of(figures, left);
    std::vector<bool> in_front(figures.size(), false);
    for (const std::size_t i : front) in_front[i] = true;
    left.erase(std::remove_if(left.begin(), left.end(), [&](std::size_t i) { return in_front[i]; }),
               left.end());
    front.resize(std::min(front.size(), count - best.size()));
    best.insert(best.end(), front.begin(), front.end());
  }
  return best;
}

}  // namespace orrery
