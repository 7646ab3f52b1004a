#include "sim/config/fpga_part.h"

#include <gtest/gtest.h>

#include "sim/config/arch_loader.h"
#include "tests/support/command.h"

namespace orrery::test {
namespace {

TEST(FpgaPart, AllOfTheCatalogueAreRead) {
  const std::vector<std::string> names = names_of(kFpgaPart);
  EXPECT_GE(names.size(), 7U);
  for (const std::string& name : names) {
    const FpgaPart part = read_document<FpgaPart>(open_document(name, kFpgaPart));
    EXPECT_GT(part.luts, 2 * part.dsps) << name;
    EXPECT_LT(part.full_clock_hz, part.empty_clock_hz) << name;
  }
}

TEST(FpgaPart, ADesignNamesIt) {
  EXPECT_EQ(load_arch_named("fpga/u280-x4-dfx").fpga->part.name, "xcu280");
  const std::string file = temporary_file("mine.yaml",
                                          "schema: orrery/arch/1\nbase: fpga/u280-x4-dfx\nname: mine\nchip:\n"
                                          "  fpga: {part: xcu281}\n");
  const CommandResult r = orrery_command("check " + file);
  EXPECT_EQ(r.exit_code, 2);
  EXPECT_NE(r.err.find("did you mean 'xcu280'"), std::string::npos) << r.err;
}

TEST(FpgaPart, TheClockMayBeEstimated) {
  const std::string file = temporary_file("mine.yaml",
                                          "schema: orrery/arch/1\nbase: fpga/z7100-npe\nname: mine\nchip:\n"
                                          "  fpga: {estimate_clock: true}\n");
  EXPECT_DOUBLE_EQ(load_arch(file).clock_hz, 0.15e9);  // all DSPs are taken
}

}  // namespace
}  // namespace orrery::test
