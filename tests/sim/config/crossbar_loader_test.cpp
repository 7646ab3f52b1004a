#include "sim/config/crossbar_loader.h"

#include <gtest/gtest.h>

#include "tests/support/command.h"

namespace orrery::test {
namespace {

// Of the shipped crossbar machine with one key of its engine said otherwise.
std::string crossbar_refusal(const std::string& key) {
  const std::string file =
      temporary_file("mine.yaml",
                     "schema: orrery/arch/1\nbase: asic/analog-npu\nname: mine\nchip:\n  cores:\n"
                     "    engines:\n      - {kind: crossbar, " +
                         key + "}\n");
  const CommandResult r = orrery_command("check " + file);
  EXPECT_EQ(r.exit_code, 2) << key;
  EXPECT_NE(r.err.find("mine.yaml:7"), std::string::npos) << r.err;
  return r.err;
}

TEST(CrossbarLoader, ACrossbarHoldsAtLeastOneWeight) {
  const std::string said = crossbar_refusal("cols: 1");
  EXPECT_NE(said.find("'cols' is 1: too few for one weight of 8 bits, which takes 2 columns"),
            std::string::npos)
      << said;
  EXPECT_NE(said.find("at least 2"), std::string::npos) << said;
  EXPECT_NE(crossbar_refusal("cols: 3").find("no multiple of the 2 columns"), std::string::npos);
}

TEST(CrossbarLoader, ConvertersFitTheCrossbar) {
  EXPECT_NE(crossbar_refusal("dac_bits: 9").find("more than an input has (8)"), std::string::npos);
  EXPECT_NE(crossbar_refusal("columns_per_adc: 1024").find("has 512 columns"), std::string::npos);
  EXPECT_NE(crossbar_refusal("read_cycles: 0, adc_cycles: 0").find("would take no time"), std::string::npos);
  EXPECT_NE(crossbar_refusal("copies: 2").find("of which there are none"), std::string::npos);
  EXPECT_NE(crossbar_refusal("in_place: 1").find("at least one must be there"), std::string::npos);
}

TEST(CrossbarLoader, FaultsLeaveAtLeastOneWeight) {
  EXPECT_NE(crossbar_refusal("faulty_share: 0.5").find("0 can be used, and a weight takes 2"),
            std::string::npos);
  EXPECT_NE(crossbar_refusal("spare_cols: 512").find("512 are spare"), std::string::npos);
}

TEST(CrossbarLoader, SlicesAndPhases) {
  CrossbarSpec spec;
  spec.rows = spec.cols = 128;
  spec.cell_bits = 3;
  spec.dac_bits = 3;
  EXPECT_EQ(spec.columns_per_weight(), 3U);
  EXPECT_EQ(spec.weights_across(), 42U);
  EXPECT_EQ(spec.phases(), 3U);
}

}  // namespace
}  // namespace orrery::test
