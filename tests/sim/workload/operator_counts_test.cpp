#include "sim/workload/operator_counts.h"

#include <gtest/gtest.h>

#include "sim/util/random.h"
#include "sim/workload/standalone_operator.h"

namespace orrery::test {
namespace {

// Pairs counted one by one.
std::uint64_t counted_pairs(std::uint64_t q, std::uint64_t kv, std::uint64_t window) {
  std::uint64_t pairs = 0;
  for (std::uint64_t i = 0; i < q; ++i) {
    for (std::uint64_t column = 0; column < kv; ++column) {
      const std::uint64_t own = kv - q + i;
      pairs += column <= own && column + window > own ? 1 : 0;
    }
  }
  return pairs;
}

TEST(OperatorCounts, AWindowCountsThePairsItShows) {
  RandomStream random(7);
  for (int draw = 0; draw < 300; ++draw) {
    const std::uint64_t kv = 1 + random.below(80);
    const std::uint64_t q = 1 + random.below(kv);
    AttentionShape shape{1, 1, 1, 1, q, kv, true};
    EXPECT_EQ(attention_macs(shape, {1, q, kv}), 2 * counted_pairs(q, kv, kv));
    shape.window = 1 + random.below(kv + 3);
    EXPECT_EQ(attention_macs(shape, {1, q, kv}), 2 * counted_pairs(q, kv, *shape.window))
        << q << " of " << kv << " through " << *shape.window;
  }
}

// Both ways: half of a window to each side, the first positions seen by all, and seeing all.
std::uint64_t counted_band(std::uint64_t n, std::uint64_t window, std::uint64_t global) {
  std::uint64_t pairs = 0;
  for (std::uint64_t i = 0; i < n; ++i) {
    for (std::uint64_t j = 0; j < n; ++j) {
      const bool near = j + window / 2 >= i && j <= i + (window - 1) / 2;
      pairs += near || i < global || j < global ? 1 : 0;
    }
  }
  return pairs;
}

TEST(OperatorCounts, AWindowBothWaysAndFirstPositionsCountThePairsTheyShow) {
  RandomStream random(8);
  for (int draw = 0; draw < 300; ++draw) {
    const std::uint64_t n = 1 + random.below(60);
    AttentionShape shape{1, 1, 1, 1, n, n, false};
    shape.window = 1 + random.below(n + 5);
    shape.global = random.below(n + 3);
    EXPECT_EQ(attention_macs(shape, {1, n, n}), 2 * counted_band(n, *shape.window, *shape.global))
        << n << " window " << *shape.window << " global " << *shape.global;
  }
}

TEST(OperatorCounts, FirstPositionsCountBesideACausalWindow) {
  RandomStream random(9);
  for (int draw = 0; draw < 300; ++draw) {
    const std::uint64_t kv = 1 + random.below(60);
    const std::uint64_t q = 1 + random.below(kv);
    AttentionShape shape{1, 1, 1, 1, q, kv, true};
    shape.window = 1 + random.below(kv);
    shape.global = random.below(kv);
    std::uint64_t pairs = 0;
    for (std::uint64_t own = kv - q; own < kv; ++own) {
      for (std::uint64_t j = 0; j <= own; ++j) pairs += j + *shape.window > own || j < *shape.global ? 1 : 0;
    }
    EXPECT_EQ(attention_macs(shape, {1, q, kv}), 2 * pairs);
  }
}

TEST(OperatorCounts, ADensityIsOfThePairsThatAreLeft) {
  AttentionShape shape{2, 3, 3, 4, 10, 10, true};
  shape.density_ppm = 250'000;
  EXPECT_EQ(attention_macs(shape, {2, 10, 10}), 2U * 3 * 8 * 14);  // a quarter of 55, rounded up
}

TEST(OperatorCounts, OnlyWeightsThatAreKeptMultiply) {
  Operator op = standalone_matmul({1, 8, 16, 32}, DType::fp16);
  EXPECT_EQ(operator_macs(op), 8U * 16 * 32);
  const std::uint64_t dense = operator_bytes(op).read;
  op.inputs[1].format = sparse(op.inputs[1].format, *sparsity_named("2:4"));
  EXPECT_EQ(operator_macs(op), 8U * 16 * 32 / 2);
  EXPECT_EQ(operator_bytes(op).read, dense - 16 * 32 * 2 + 16 * 32 * 9 / 8);
}

}  // namespace
}  // namespace orrery::test
