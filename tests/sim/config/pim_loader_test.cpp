#include "sim/config/pim_loader.h"

#include <gtest/gtest.h>

#include "sim/config/arch_loader.h"
#include "tests/support/command.h"

namespace orrery::test {
namespace {

// A machine's file that says this of the units.
std::string refusal_of(const std::string& key) {
  const std::string file =
      temporary_file("mine.yaml",
                     "schema: orrery/arch/1\nbase: pim/ianus\nname: mine\nchip:\n  memory:\n"
                     "    - kind: dram\n      pim: {" +
                         key + "}\n");
  const CommandResult r = orrery_command("check " + file);
  EXPECT_EQ(r.exit_code, 2) << key;
  EXPECT_NE(r.err.find("mine.yaml:7"), std::string::npos) << r.err;
  return r.err;
}

TEST(PimLoader, AUnitIsNoWiderThanARow) {
  const std::string said = refusal_of("macs_per_cycle: 2048");
  EXPECT_NE(said.find("'macs_per_cycle' is 2048"), std::string::npos) << said;
  EXPECT_NE(said.find("at most 1024"), std::string::npos) << said;
}

TEST(PimLoader, BanksAreShared) {
  EXPECT_NE(refusal_of("banks_per_unit: 3").find("divide the 16 banks"), std::string::npos);
  EXPECT_NE(refusal_of("activate_banks: 8").find("of which tFAW admits 4"), std::string::npos);
  EXPECT_NE(refusal_of("input_bytes: 16").find("holds no burst"), std::string::npos);
}

TEST(PimLoader, WhatBitLinesMultiplyUnitsAddUp) {
  EXPECT_NE(
      refusal_of("row_copies: {int8: 663}").find("'row_copies' has int8, whose products no unit adds up"),
      std::string::npos);
}

}  // namespace
}  // namespace orrery::test
