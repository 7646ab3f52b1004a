#include "sim/workload/topological_order.h"

#include <gtest/gtest.h>

namespace orrery::test {
namespace {

using Order = std::vector<std::size_t>;

TEST(TopologicalOrder, KeepsTheWrittenOrderWhereItCan) {
  EXPECT_EQ(topological_order({{}, {0}, {}, {1, 2}}).order, (Order{0, 1, 2, 3}));
  EXPECT_EQ(topological_order({{2}, {}, {1}}).order, (Order{1, 2, 0}));
}

TEST(TopologicalOrder, NamesACycle) {
  EXPECT_EQ(topological_order({{}, {3}, {1}, {2}}).cycle, (Order{1, 3, 2}));
  EXPECT_EQ(topological_order({{0}}).cycle, (Order{0}));
}

TEST(TopologicalOrder, AChainOfAMillionIsNotDeep) {
  std::vector<Order> needs(1'000'000);
  for (std::size_t i = 0; i + 1 < needs.size(); ++i) needs[i] = {i + 1};
  const TopologicalOrder found = topological_order(needs);
  ASSERT_EQ(found.order.size(), needs.size());
  EXPECT_EQ(found.order.front(), needs.size() - 1);
}

}  // namespace
}  // namespace orrery::test
