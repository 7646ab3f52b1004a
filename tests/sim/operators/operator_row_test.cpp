#include "sim/operators/operator_row.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "sim/config/arch_loader.h"
#include "sim/config/library_loader.h"
#include "sim/mapping/mapper.h"
#include "sim/workload/formats/trace_fields.h"
#include "sim/workload/graph_check.h"
#include "sim/workload/operator_counts.h"
#include "sim/workload/standalone_operator.h"

namespace orrery::test {
namespace {

// A small operator of each row.
Operator small(const OperatorRow& row) {
  struct Shape {
    OperatorShape operator()(const MatmulFamily&) const { return MatmulShape{2, 48, 96, 64}; }
    OperatorShape operator()(const AttentionFamily&) const {
      return AttentionShape{2, 8, 2, 64, 16, 48, true, {}, 40, 32};
    }
    OperatorShape operator()(const VectorFamily&) const { return VectorShape{48, 96}; }
    OperatorShape operator()(const RoutingFamily&) const { return RoutingShape{48, 3, 96}; }
    OperatorShape operator()(const ScanFamily&) const { return ScanShape{3, 16, 96, 4}; }
    OperatorShape operator()(const CollectiveFamily&) const { return CollectiveShape{4096, 1}; }
  };
  return standalone(row.kind, std::visit(Shape{}, row.family), DType::fp16);
}

TEST(OperatorRow, EachHasTensorsThatMatchItsShape) {
  for (const OperatorRow& row : kOperators) {
    OperatorGraph graph;
    graph.operators = {small(row)};
    EXPECT_NO_THROW(check_and_order(graph, {"here"})) << row.name;
    EXPECT_EQ(from_word<OperatorKind>(row.name), row.kind);
    EXPECT_GT(operator_bytes(graph.operators[0]).read, 0U) << row.name;
  }
  EXPECT_EQ(from_word<OperatorKind>("rmsnorn"), std::nullopt);
}

TEST(OperatorRow, EachHasAMapping) {
  const ArchSpec arch = load_arch_named("gpu/a100-sxm-80gb");
  for (const OperatorRow& row : kOperators) EXPECT_FALSE(Mapper(arch).map(small(row), 4).empty()) << row.name;
}

// Two experts a token: a row is read once and written twice, or read twice and written once.
TEST(OperatorRow, RoutingMovesEachCopyOnce) {
  const RoutingShape shape = {100, 2, 64};
  const std::uint64_t row_bytes = 64 * 2;
  const OperatorBytes out = operator_bytes(standalone(OperatorKind::expert_gather, shape, DType::fp16));
  EXPECT_EQ(out.read, 100 * row_bytes);
  EXPECT_EQ(out.written, 200 * row_bytes);
  const OperatorBytes back = operator_bytes(standalone(OperatorKind::expert_sum, shape, DType::fp16));
  EXPECT_EQ(back.read, 200 * row_bytes);
  EXPECT_EQ(back.written, 100 * row_bytes);
}

TEST(OperatorRow, SchemasListThemAll) {
  EXPECT_EQ(trace_operator_table().field("op")->shape.words, words_of<OperatorKind>());
  const std::vector<std::string>& kernels = kLibrary.table().field("vector_kernels")->shape.words;
  EXPECT_NE(std::find(kernels.begin(), kernels.end(), "rmsnorm"), kernels.end());
  EXPECT_EQ(std::find(kernels.begin(), kernels.end(), "matmul"), kernels.end());
}

}  // namespace
}  // namespace orrery::test
