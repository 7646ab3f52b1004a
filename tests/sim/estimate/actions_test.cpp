// Energy is what blocks did times what each action takes, whatever the machine.

#include "sim/estimate/actions.h"

#include <gtest/gtest.h>

#include <cstring>
#include <set>

#include "sim/config/arch_loader.h"
#include "sim/config/name_lookup.h"
#include "sim/estimate/energy.h"

namespace orrery::test {
namespace {

// Some of everything that a machine may do.
ActivityCounts some_of_everything(const ArchSpec& arch) {
  ActivityCounts counts;
  std::uint64_t n = 1000;
  for (std::uint64_t& macs : counts.macs) macs = n += 7;
  counts.issued_macs = 9999;
  counts.dac_conversions = 11, counts.adc_conversions = 13;
  counts.cells_written = 15, counts.predicted_pairs = 16;
  counts.vector_ops = 170, counts.transcendental_ops = 19;
  counts.scratchpad_read_bytes = 23, counts.scratchpad_write_bytes = 29;
  counts.requested_read_bytes = 31, counts.requested_write_bytes = 37;
  counts.noc_hop_bytes = 41;
  for (std::size_t i = 0; i < arch.shared_levels.size(); ++i)
    counts.levels[i] = {n += 1, n += 2, n += 3, n += 4};
  counts.dram_read_bytes = 43, counts.dram_write_bytes = 47, counts.dram_activates = 53;
  counts.link_bytes = 59;
  return counts;
}

TEST(Actions, TimesTheirPricesAreTheEnergyOfEveryMachine) {
  for (const std::string& name : arch_names()) {
    const ArchSpec arch = load_arch_named(name);
    const ActivityCounts counts = some_of_everything(arch);
    double joules = 0;
    std::set<std::string> seen;
    for (const ActionFigure& a : action_figures(counts, arch)) {
      joules += 1e-12 * a.count * a.pj;
      EXPECT_TRUE(seen.insert(a.block + " " + a.action).second) << name << " " << a.block << " " << a.action;
    }
    const double whole = dynamic_energy(counts, arch).dynamic().value();
    EXPECT_NEAR(joules, whole, 1e-12 * whole) << name;
    // A level a block, each by its own counts and the price of its own banks.
    for (const SramLevelSpec& level : arch.shared_levels) EXPECT_EQ(seen.count(level.name + " access"), 1U);
  }
}

TEST(Actions, EachLevelHasItsOwnCountAndPrice) {
  ArchSpec arch = load_arch_named("gpu/mi300x");
  ASSERT_EQ(arch.shared_levels.size(), 2U);
  arch.shared_levels[1].bank_kib = 64 * arch.shared_levels[0].bank_kib;
  ActivityCounts counts;
  counts.levels[1].read_bytes = 100;
  const auto figures = action_figures(counts, arch);
  ASSERT_EQ(figures.size(), 1U);
  EXPECT_EQ(figures[0].block, arch.shared_levels[1].name);
  EXPECT_EQ(static_cast<double>(figures[0].count), 800);
  EXPECT_EQ(static_cast<double>(figures[0].pj), sram_pj_per_bit(arch.energy, arch.shared_levels[1].bank_kib));
  EXPECT_GT(static_cast<double>(figures[0].pj), sram_pj_per_bit(arch.energy, arch.shared_levels[0].bank_kib));
}

TEST(Actions, CountsAddUpPlaceByPlace) {
  const ActivityCounts a = some_of_everything(load_arch_named("gpu/mi300x"));
  ActivityCounts sum = a;
  sum += a;
  EXPECT_TRUE(sum == a * 2);
  EXPECT_TRUE(sum - a == a);
  EXPECT_TRUE(sum / 2 == a);
  for (const CounterInfo& c : counters()) EXPECT_EQ(c.of(sum), 2 * c.of(a)) << c.name;
}

}  // namespace
}  // namespace orrery::test
