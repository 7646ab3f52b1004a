// Addresses to places and back; what a mapping may not be.

#include "sim/config/dram_mapping.h"

#include <gtest/gtest.h>

#include "sim/config/dram_loader.h"
#include "sim/util/random.h"
#include "tests/support/command.h"
#include "tests/support/config_error.h"

namespace orrery::test {
namespace {

TEST(DramMapping, EncodesWhatItDecodes) {
  const DramDevice d = load_dram_device("ramulator-hbm3-16gb-8hi-hbm3-6400mbps");
  RandomStream random(3);
  for (const char* order :
       {"ro-ra-ba-co-bg-pc-ch", "rorababgcopcch", "ro-ba-co-ra-bg-pc-ch", "rorabacobgco2pcch"}) {
    const DramMapping m(order, d, 4);
    EXPECT_EQ(m.capacity_bytes(), d.capacity_bytes() * 4);
    for (int i = 0; i < 200; ++i) {
      const std::uint64_t address = random.below(m.capacity_bytes()) / d.burst_bytes() * d.burst_bytes();
      EXPECT_EQ(m.encode(m.decode(address)), address) << order;
    }
  }
}

TEST(DramMapping, LowestFieldChangesWithEveryBurst) {
  const DramDevice d = load_dram_device("ddr4-3200");
  const DramMapping columns("rorababgco", d, 1);
  EXPECT_EQ(columns.decode(64).column, 1U);
  const DramMapping groups("rorabacobg", d, 1);
  EXPECT_EQ(groups.decode(64).bank_group, 1U);
  const DramMapping split("rorabacobgco2", d, 1);
  EXPECT_EQ(split.decode(3 * 64).column, 3U);
  EXPECT_EQ(split.decode(4 * 64).bank_group, 1U);
  EXPECT_EQ(split.decode(16 * 64).column, 4U);
}

TEST(DramMapping, ReadsTheOrdersOfReferenceRows) {
  EXPECT_EQ(DramMapping::normalised("default:rorabgbachco"), "rorabgbachco");
  EXPECT_EQ(DramMapping::normalised("bgint:LSB-first PseudoChannel-BankGroup-Column-Bank-Sid-Row"),
            "ro-ra-ba-co-bg-pc");
}

TEST(DramMapping, RefusesWhatDoesNotCoverTheAddress) {
  const DramDevice d = load_dram_device("ddr4-3200");
  const auto message = [&](const char* order) { return config_error([&] { DramMapping(order, d, 1); }); };
  EXPECT_NE(message("rorabaco").find("does not cover the address: 2 of the 2 bank group bits"),
            std::string::npos);
  EXPECT_NE(message("roxxbabgco").find("unknown field 'xx'"), std::string::npos);
  EXPECT_NE(message("rorababgcoco").find("given twice"), std::string::npos);
  EXPECT_NE(message("rorababg9co").find("9 bits of bg"), std::string::npos);
  EXPECT_NE(message("rorababgco2").find("does not cover"), std::string::npos);
}

// A preset with one text replaced.
std::string preset_error(const std::string& from, const std::string& to) {
  std::string text =
      read_file(std::string(ORRERY_SOURCE_DIR) + "/arch_configs/dram/dramsim3-ddr4-8gb-x8-3200.yaml");
  const std::size_t at = text.find(from);
  EXPECT_NE(at, std::string::npos) << from;
  const std::string file = temporary_file("preset.yaml", text.replace(at, from.size(), to));
  return config_error([&] { load_dram_device(file); });
}

TEST(DramDevice, RefusesTimingsThatContradictThemselves) {
  EXPECT_NE(preset_error("trc: 74", "trc: 70").find("tRAS + tRP = 74 clocks exceeds tRC = 70"),
            std::string::npos);
  EXPECT_NE(preset_error("trc: 74", "trc: 70").find("preset.yaml:"), std::string::npos);
  EXPECT_NE(
      preset_error("page_bytes: 8192", "page_bytes: 8200").find("not a multiple of the burst of 64 bytes"),
      std::string::npos);
  EXPECT_NE(preset_error("burst_length: 8", "burst_length: 7").find("is not a multiple of the 2 a clock"),
            std::string::npos);
  EXPECT_NE(
      preset_error("trefi: 12480", "trefi: 500").find("refresh takes tRFC = 560 clocks of every tREFI = 500"),
      std::string::npos);
  EXPECT_NE(preset_error("nccd_l: 8", "nccd_l: 3").find("tCCD_L = 3 clocks is less than tCCD_S = 4"),
            std::string::npos);
  EXPECT_EQ(preset_error("trc: 74", "trc: 75"), "");
}

}  // namespace
}  // namespace orrery::test
