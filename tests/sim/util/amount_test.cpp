#include "sim/util/amount.h"

#include <gtest/gtest.h>

#include <type_traits>

#include "sim/stats/energy_breakdown.h"
#include "sim/util/errors.h"

namespace orrery::test {
namespace {

template <class A, class B, class = void>
struct CanAdd : std::false_type {};
template <class A, class B>
struct CanAdd<A, B, std::void_t<decltype(std::declval<A>() + std::declval<B>())>> : std::true_type {};

// What the type is for: none of these compiles.
static_assert(!std::is_convertible_v<std::uint64_t, Bytes> && !std::is_convertible_v<Bytes, std::uint64_t>);
static_assert(!std::is_constructible_v<Bytes, Cycles> && !std::is_constructible_v<Joules, Bytes>);
static_assert(!CanAdd<Bytes, Cycles>::value && !CanAdd<Bytes, std::uint64_t>::value);
static_assert(!CanAdd<Cycles, PartCycles>::value && CanAdd<Cycles, Cycles>::value);
// It costs nothing.
static_assert(sizeof(Bytes) == sizeof(std::uint64_t) && std::is_trivially_copyable_v<Bytes>);

TEST(Amount, SumsMultiplesAndRatios) {
  const Bytes page{4096};
  Bytes sum = page + 3 * page - page / 2;
  sum += Bytes{1};
  EXPECT_EQ(sum, Bytes{14337});
  EXPECT_EQ(sum / page, 3U);  // whole ones
  EXPECT_EQ(sum % page, Bytes{2049});
  EXPECT_EQ(ceil_div(sum, page), 4U);
  EXPECT_EQ(ceil_div(Bytes{}, page), 0U);
  EXPECT_LT(page, sum);
  EXPECT_DOUBLE_EQ(sum.real(), 14337.0);
}

TEST(Amount, JoulesAreFigures) {
  Joules all{1.5};
  all *= 2.0;
  all += Joules{0.25};
  EXPECT_DOUBLE_EQ(all.value(), 3.25);
  EXPECT_THROW(all - Joules{4}, SimulationError);
  EXPECT_THROW(Joules{0.0} * (1.0 / 0.0), SimulationError);
}

}  // namespace
}  // namespace orrery::test
