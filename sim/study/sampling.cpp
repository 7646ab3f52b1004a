#include "sim/study/sampling.h"

#include <algorithm>
#include <set>

#include "sim/util/random.h"

namespace orrery {

using Choice = std::vector<std::uint32_t>;

std::vector<Choice> random_choices(const std::vector<std::uint32_t>& extents, std::uint64_t points,
                                   std::uint64_t seed) {
  double size = 1;
  for (const std::uint32_t e : extents) size *= e;
  const auto wanted = static_cast<std::uint64_t>(std::min(size, static_cast<double>(points)));
  RandomStream random(seed);
  std::set<Choice> seen;
  std::vector<Choice> all;
  while (all.size() < wanted) {
    Choice choice;
    for (const std::uint32_t e : extents) choice.push_back(static_cast<std::uint32_t>(random.below(e)));
    if (seen.insert(choice).second) all.push_back(choice);
  }
  return all;
}

std::vector<Choice> latin_hypercube_choices(const std::vector<std::uint32_t>& extents, std::uint64_t points,
                                            std::uint64_t seed) {
  RandomStream random(seed);
  std::vector<Choice> all(points, Choice(extents.size()));
  for (std::size_t d = 0; d < extents.size(); ++d) {
    std::vector<std::uint32_t> column(points);
    for (std::uint64_t i = 0; i < points; ++i)
      column[i] = static_cast<std::uint32_t>(i * extents[d] / points);
    for (std::uint64_t i = points; i > 1; --i) std::swap(column[i - 1], column[random.below(i)]);
    for (std::uint64_t i = 0; i < points; ++i) all[i][d] = column[i];
  }
  std::set<Choice> seen;
  std::vector<Choice> different;
  for (Choice& c : all) {
    if (seen.insert(c).second) different.push_back(std::move(c));
  }
  return different;
}

}  // namespace orrery
