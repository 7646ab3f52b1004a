#include "sim/engine/engine_schedule.h"

#include <gtest/gtest.h>

#include <numeric>

#include "sim/workload/standalone_operator.h"

namespace orrery::test {
namespace {

Operator with_deps(OperatorKind kind, const OperatorShape& shape, std::uint32_t id,
                   const std::vector<std::uint32_t>& deps) {
  Operator op = standalone(kind, shape, DType::fp16);
  op.id = id;
  op.deps = deps;
  return op;
}
Operator product_op(std::uint32_t id, const std::vector<std::uint32_t>& deps) {
  return with_deps(OperatorKind::matmul, MatmulShape{1, 64, 64, 64}, id, deps);
}
Operator rows_op(std::uint32_t id, const std::vector<std::uint32_t>& deps) {
  return with_deps(OperatorKind::softmax, VectorShape{64, 64}, id, deps);
}

double layer_time(const std::vector<Operator>& operators, const std::vector<double>& seconds,
                  std::uint32_t block) {
  OperatorGraph graph;
  graph.operators = operators;
  std::vector<EngineWork> work;
  for (const double s : seconds) work.push_back({s});
  const std::vector<double> added = added_seconds(graph, 0, work, {block});
  return std::accumulate(added.begin(), added.end(), 0.0);
}

TEST(EngineSchedule, RowsFollowTheirProductInBlocks) {
  const std::vector<Operator> chain = {product_op(0, {}), rows_op(1, {0})};
  EXPECT_DOUBLE_EQ(layer_time(chain, {8, 4}, 64), 12);  // one block: when all are there
  EXPECT_DOUBLE_EQ(layer_time(chain, {8, 4}, 16), 9);   // the last of four
  EXPECT_DOUBLE_EQ(layer_time(chain, {4, 8}, 16), 9);   // or from the first block on
}

TEST(EngineSchedule, ProductsWaitForProductsAndRunBesideRowsOfOthers) {
  EXPECT_DOUBLE_EQ(layer_time({product_op(0, {}), product_op(1, {0})}, {3, 5}, 1), 8);
  // The scores' softmax runs beside the product that makes values, which nothing before it needs: the longer
  // way goes first, whatever the order in the graph.
  const std::vector<Operator> head = {product_op(0, {}), product_op(1, {}), rows_op(2, {1}),
                                      product_op(3, {0, 2})};
  EXPECT_DOUBLE_EQ(layer_time(head, {6, 2, 5, 1}, 64), 9);
}

TEST(EngineSchedule, NothingIsLostOrBorrowed) {
  const std::vector<Operator> all = {rows_op(0, {}), product_op(1, {0}), rows_op(2, {1}), rows_op(3, {2}),
                                     product_op(4, {3})};
  const std::vector<double> seconds = {1, 2, 3, 4, 5};
  const double whole = layer_time(all, seconds, 64);
  EXPECT_DOUBLE_EQ(whole, 15);
  const double blocks = layer_time(all, seconds, 1);
  EXPECT_LT(blocks, whole);
  EXPECT_GE(blocks, 8);  // the vector unit's own work
}

double time_of(const std::vector<Operator>& operators, const std::vector<EngineWork>& work,
               const EngineOverlap& how) {
  OperatorGraph graph;
  graph.operators = operators;
  const std::vector<double> added = added_seconds(graph, 0, work, how);
  return std::accumulate(added.begin(), added.end(), 0.0);
}

TEST(EngineSchedule, MemoryIsOneForAll) {
  const std::vector<Operator> two = {product_op(0, {}), rows_op(1, {})};
  EXPECT_DOUBLE_EQ(time_of(two, {{4, 2}, {4, 4}}, {64}), 6);
  EXPECT_DOUBLE_EQ(time_of(two, {{4, 10}, {4, 10}}, {64}), 8);  // never longer than one after the other
}

// Units beside the banks keep memory to themselves, unless they have rows of their own there.
TEST(EngineSchedule, UnitsInMemoryAndEnginesRunBesideEachOther) {
  const std::vector<Operator> two = {product_op(0, {}), product_op(1, {})};
  EXPECT_DOUBLE_EQ(time_of(two, {{5, 0, true}, {4, 0}}, {0}), 5);
  EXPECT_DOUBLE_EQ(time_of(two, {{5, 0, true}, {4, 3}}, {0}), 8);
  EXPECT_DOUBLE_EQ(time_of(two, {{5, 0, true}, {4, 3}}, {0, true}), 5);
  EXPECT_DOUBLE_EQ(time_of({product_op(0, {}), product_op(1, {0})}, {{5, 0, true}, {4, 0}}, {0}), 9);
}

// Whether a collective lies beside other operators is the machine's to say, elsewhere.
TEST(EngineSchedule, CollectivesRunAlone) {
  std::vector<Operator> both = {product_op(0, {}), rows_op(1, {})};
  both.push_back(with_deps(OperatorKind::all_reduce, CollectiveShape{1024, 2}, 2, {}));
  EXPECT_DOUBLE_EQ(time_of(both, {{5}, {4}, {3}}, {64}), 8);
}

TEST(EngineSchedule, ASecondOperandIsNotHandedOnInBlocks) {
  std::vector<Operator> chain = {rows_op(0, {}), product_op(1, {0})};
  chain[1].inputs[0] = chain[0].outputs[0];
  chain[1].inputs[1].id.slot = chain[0].outputs[0].id.slot + 1;
  EXPECT_DOUBLE_EQ(layer_time(chain, {4, 8}, 16), 9);
  std::swap(chain[1].inputs[0], chain[1].inputs[1]);
  EXPECT_DOUBLE_EQ(layer_time(chain, {4, 8}, 16), 12);
}

}  // namespace
}  // namespace orrery::test
