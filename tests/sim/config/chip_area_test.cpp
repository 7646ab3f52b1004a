#include "sim/config/chip_area.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <map>

#include "sim/config/arch_loader.h"
#include "sim/config/name_lookup.h"
#include "sim/util/errors.h"
#include "tests/support/config_error.h"

namespace orrery::test {
namespace {

// LLMCompass (ISCA 2024), areas read off die photos, mm2: A100 826, MI210 724. The whole die within 15 %. By
// block 25 % is met but for the interfaces of MI210, whose areas no count of stacks or links explains.
TEST(Area, DiesOfA100AndMi210) {
  const Technology technology = load_technology();
  const AreaBreakdown a100 = chip_area(load_arch_named("gpu/a100-sxm-80gb"), technology);
  const AreaBreakdown mi210 = chip_area(load_arch_named("gpu/mi210"), technology);
  for (const auto& [name, a] : {std::pair{"A100", a100}, std::pair{"MI210", mi210}}) {
    std::printf(
        "%s: cores %.0f, network %.0f, shared buffer %.0f, memory PHY %.0f, control %.0f, links %.0f, other "
        "%.0f, all %.0f mm2\n",
        name, a.cores, a.network, a.shared_buffer, a.memory_phy, a.memory_control, a.links, a.other,
        a.total());
  }
  EXPECT_NEAR(a100.total(), 826, 0.15 * 826);
  EXPECT_NEAR(mi210.total(), 724, 0.15 * 724);
  EXPECT_NEAR(a100.cores, 476.25, 0.25 * 476.25);
  EXPECT_NEAR(a100.network, 76.44, 0.25 * 76.44);
  EXPECT_NEAR(a100.shared_buffer, 119.31, 0.25 * 119.31);
  EXPECT_NEAR(a100.memory_phy, 58, 0.25 * 58);
  EXPECT_NEAR(a100.memory_control, 31.77, 0.25 * 31.77);
  EXPECT_NEAR(a100.links, 20.95, 0.25 * 20.95);
  EXPECT_NEAR(mi210.cores, 446.22, 0.25 * 446.22);
  EXPECT_NEAR(mi210.network, 33, 0.25 * 33);
  EXPECT_NEAR(mi210.shared_buffer, 25.2, 0.25 * 25.2);
}

TEST(Area, H100IsWithin15PercentOfItsDie) {
  const double area = chip_area(load_arch_named("gpu/h100-sxm"), load_technology()).total();
  EXPECT_NEAR(area, 814, 0.15 * 814) << area;
}

TEST(Area, ANodeTheTableLacksIsRefused) {
  ArchSpec arch = load_arch_named("gpu/h100-sxm");
  arch.process_nm = 2;
  try {
    chip_area(arch, load_technology());
    FAIL();
  } catch (const ConfigError& error) {
    EXPECT_NE(std::string(error.what()).find("no 2 nm; it has 65"), std::string::npos) << error.what();
  }
}

// How far the model is off is said with it: nine of ten published dies of real chips lie in the band.
TEST(Area, PublishedDiesLieInTheBand) {
  const Technology technology = load_technology();
  const AreaConstants& a = technology.area;
  std::map<std::pair<double, double>, bool> inside;  // a die once
  for (const std::string& name : arch_names()) {
    const ArchSpec arch = load_arch_named(name);
    const bool imagined = name == "asic/edge-npu" || name == "asic/mesh-npu" || name == "asic/analog-npu";
    if (arch.die_mm2 <= 0 || arch.reconfigurable || imagined) continue;
    const double modelled = chip_area(arch, technology).total();
    const double ratio = arch.die_mm2 / modelled;
    std::printf("%s %.2f\n", name.c_str(), ratio);
    inside[{arch.die_mm2, std::round(modelled)}] = ratio >= a.least_published && ratio <= a.most_published;
  }
  const auto held = std::count_if(inside.begin(), inside.end(), [](const auto& die) { return die.second; });
  EXPECT_GE(inside.size(), 20U);
  EXPECT_GE(static_cast<double>(held), 0.9 * static_cast<double>(inside.size()));
  EXPECT_LE(a.most_published / a.least_published, 3.5);
}

// Facts of a die stay with it: a file of another process says its own or none.
TEST(Area, AnotherProcessIsAnotherDie) {
  const std::string other = "schema: orrery/arch/1\nbase: gpu/h100-sxm\nname: x\nchip: {process_nm: 3}\n";
  const ArchSpec arch = build_arch(ConfigDocument::parse(other, "x.yaml"));
  EXPECT_EQ(arch.die_mm2, 0);
  EXPECT_EQ(arch.die.cores, 0);
  const std::string same = "schema: orrery/arch/1\nbase: gpu/h100-sxm\nname: x\nchip: {tdp_w: 500}\n";
  EXPECT_EQ(build_arch(ConfigDocument::parse(same, "x.yaml")).die_mm2, 814);
}

// Blocks that were synthesised are the die, and leak as they were.
TEST(Area, OfBlocksAsTheyWereSynthesised) {
  ArchSpec arch = load_arch_named("asic/acceltran-edge");
  const Technology technology = load_technology();
  double um2 = 0;
  for (const DieBlock& block : arch.die.blocks) um2 += (64 * block.in_core + block.on_die) * block.um2;
  EXPECT_NEAR(chip_area(arch, technology).total(), 1e-6 * um2, 1e-9);
  EXPECT_NEAR(1e-6 * um2, 55.12, 0.05 * 55.12);
  EXPECT_NEAR(arch.static_w, arch.die.blocks_leakage_w(64), 1e-12);
  arch.die.blocks.clear();
  EXPECT_GT(std::abs(chip_area(arch, technology).total() - 1e-6 * um2), 1);
}

}  // namespace
}  // namespace orrery::test
