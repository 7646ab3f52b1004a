#include "sim/study/pareto.h"

#include <gtest/gtest.h>

#include <chrono>
#include <set>

#include "sim/study/sampling.h"
#include "sim/util/random.h"

namespace orrery::test {
namespace {

using Figures = std::vector<std::vector<double>>;

// By the definition: none is at least as good in all figures and better in one.
std::set<std::size_t> by_definition(const Figures& f) {
  std::set<std::size_t> front;
  for (std::size_t i = 0; i < f.size(); ++i) {
    bool beaten = false;
    for (const auto& other : f) {
      bool no_worse = true;
      for (std::size_t k = 0; k < other.size(); ++k) no_worse = no_worse && other[k] <= f[i][k];
      beaten = beaten || (no_worse && other != f[i]);
    }
    if (!beaten) front.insert(i);
  }
  return front;
}

TEST(Pareto, IsWhatTheDefinitionSays) {
  RandomStream random(5);
  for (const std::size_t figures : {1U, 2U, 3U, 4U}) {
    for (int round = 0; round < 20; ++round) {
      Figures f(60);
      for (auto& point : f) {
        for (std::size_t k = 0; k < figures; ++k) point.push_back(static_cast<double>(random.below(9)));
      }
      const std::vector<std::size_t> front = pareto_front(f);
      EXPECT_EQ(std::set<std::size_t>(front.begin(), front.end()), by_definition(f)) << figures;
    }
  }
}

TEST(Pareto, PeelsFrontsOff) {
  const Figures f = {{1, 4}, {2, 3}, {3, 3}, {4, 1}, {5, 5}};
  EXPECT_EQ(best_by_fronts(f, 3), (std::vector<std::size_t>{0, 1, 3}));
  EXPECT_EQ(best_by_fronts(f, 4), (std::vector<std::size_t>{0, 1, 3, 2}));
  EXPECT_EQ(best_by_fronts(f, 9).size(), 5U);
}

TEST(Sampling, LatinHypercubeSpreadsEachAxisEvenly) {
  const auto points = latin_hypercube_choices({4, 1000}, 100, 7);
  ASSERT_EQ(points.size(), 100U);
  std::vector<int> of_first(4);
  std::set<std::uint32_t> tenths;
  for (const auto& p : points) {
    ++of_first[p[0]];
    tenths.insert(p[1] / 10);
  }
  EXPECT_EQ(of_first, (std::vector<int>{25, 25, 25, 25}));
  EXPECT_EQ(tenths.size(), 100U);
  EXPECT_EQ(points, latin_hypercube_choices({4, 1000}, 100, 7));
  EXPECT_NE(points, latin_hypercube_choices({4, 1000}, 100, 8));
}

TEST(Sampling, RandomDrawsNoChoiceTwice) {
  const auto all = random_choices({2, 3}, 100, 1);
  EXPECT_EQ(std::set(all.begin(), all.end()).size(), 6U);
  EXPECT_EQ(random_choices({100, 100}, 50, 1).size(), 50U);
}

}  // namespace
}  // namespace orrery::test
