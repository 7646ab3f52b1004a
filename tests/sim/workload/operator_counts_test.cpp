#include "sim/workload/operator_counts.h"

#include <gtest/gtest.h>

#include "sim/util/random.h"

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

}  // namespace
}  // namespace orrery::test
