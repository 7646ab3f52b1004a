// Layers are replicated where operators are the same work; that must be what the kernel cache calls the same.

#include "sim/engine/shape_key.h"

#include <gtest/gtest.h>

#include "sim/config/arch_loader.h"
#include "sim/workload/standalone_operator.h"
#include "tests/support/random_operator.h"

namespace orrery::test {
namespace {

TEST(ShapeKey, ComparedOrMadeItTellsTheSameOperatorsApart) {
  const ArchSpec arch = load_arch_named("gpu/a100-sxm-80gb");
  Random random(7);
  std::vector<Operator> operators;
  for (int i = 0; i < 60; ++i) operators.push_back(random_operator(random, arch, 1'000'000));
  // The same work under other names, and the same but for one number or one tensor.
  for (int i = 0; i < 60; ++i) {
    Operator op = operators[static_cast<std::size_t>(i)];
    op.id += 100;
    op.layer = 5;
    for (Tensor& t : op.inputs) t.id.slot += 7;
    operators.push_back(op);
    Operator other = op;
    if (i % 3 == 0) {
      other.outputs.front().shape.push_back(2);
    } else if (i % 3 == 1) {
      other.dtype = other.dtype == DType::int8 ? DType::fp16 : DType::int8;
    } else if (auto* rows = std::get_if<VectorShape>(&other.shape)) {
      ++rows->rows;
    } else {
      other.inputs.front().kind = TensorKind::kv;
    }
    operators.push_back(other);
  }
  // And sequences of unlike lengths: other groups, or as many numbers in other places.
  for (const std::vector<AttendedSequences>& more :
       std::vector<std::vector<AttendedSequences>>{{}, {{2, 1, 9}}, {{1, 2, 9}}, {{2, 1, 9}, {2, 1, 9}}}) {
    operators.push_back(standalone_attention({4, 8, 2, 64, 1, 9, true, more}, DType::fp16));
    operators.push_back(operators.back());
  }
  std::size_t same = 0;
  for (const Operator& a : operators) {
    for (const Operator& b : operators) {
      ASSERT_EQ(same_shape_key(a, b), shape_key(a) == shape_key(b)) << a.id << " and " << b.id;
      same += same_shape_key(a, b) ? 1 : 0;
    }
  }
  EXPECT_GE(same, operators.size() + 120);
  EXPECT_LT(same, operators.size() * operators.size() / 2);
}

}  // namespace
}  // namespace orrery::test
