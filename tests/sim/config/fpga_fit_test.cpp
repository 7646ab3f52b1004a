#include "sim/config/fpga_fit.h"

#include <gtest/gtest.h>

#include "sim/config/arch_loader.h"
#include "tests/support/command.h"
#include "tests/support/small_machine.h"

namespace orrery::test {
namespace {

// 256 multipliers, 16 lanes, 32 banks of 8 KiB on a part of the catalogue.
ArchSpec on_a_part() {
  ArchSpec arch = small_machine();
  arch.reconfigurable = true;
  arch.fpga.emplace();
  FpgaDesign& design = *arch.fpga;
  design.part.name = "small";
  design.part.luts = 100'000, design.part.flip_flops = 200'000, design.part.dsps = 300;
  design.part.block_rams = 100;
  design.part.empty_clock_hz = 300e6, design.part.full_clock_hz = 200e6;
  design.luts_per_mac = 60, design.luts_per_lane = 300, design.base_luts = 10'000;
  return arch;
}

TEST(FpgaFit, EnginesTakeDspsAndLutsAndBanksTakeBlocks) {
  const FpgaNeed need = fpga_need(on_a_part());
  EXPECT_DOUBLE_EQ(need.dsps, 256 + 16 + 4 * 4);
  EXPECT_DOUBLE_EQ(need.luts, 10'000 + 256 * 60 + 16 * 300);
  EXPECT_DOUBLE_EQ(need.flip_flops, 1.5 * need.luts);
  EXPECT_DOUBLE_EQ(need.block_rams, 32 * 2);  // 8 KiB, and a port of 16 bytes, are two blocks each
  ArchSpec large = on_a_part();
  large.fpga->part.ultra_rams = 21;  // two a bank: ten banks
  EXPECT_DOUBLE_EQ(fpga_need(large).ultra_rams, 20);
  EXPECT_DOUBLE_EQ(fpga_need(large).block_rams, 22 * 2);
  large.cores.accumulator_bytes = 2 * 36864;  // the last UltraRAM, and eight blocks
  EXPECT_DOUBLE_EQ(fpga_need(large).ultra_rams, 21);
  EXPECT_DOUBLE_EQ(fpga_need(large).block_rams, 22 * 2 + 8);
  large.fpga->logic_multipliers = 56;
  EXPECT_DOUBLE_EQ(fpga_need(large).dsps, 200 + 16 + 16);
  EXPECT_DOUBLE_EQ(fpga_need(large).luts, need.luts + 56 * 280);
}

TEST(FpgaFit, TheClockFallsWithWhatIsTaken) {
  const ArchSpec arch = on_a_part();
  EXPECT_DOUBLE_EQ(fpga_fullness(fpga_need(arch), arch.fpga->part), 288.0 / 300);
  EXPECT_DOUBLE_EQ(fpga_clock_hz(arch.fpga->part, 0.5), 250e6);
  EXPECT_DOUBLE_EQ(fpga_clock_hz(arch.fpga->part, 2), 200e6);
}

std::string fit_refusal(const std::string& cores) {
  const std::string file = temporary_file(
      "mine.yaml",
      "schema: orrery/arch/1\nbase: fpga/z7100-npe\nname: mine\nchip:\n  cores:\n    " + cores + "\n");
  const CommandResult r = orrery_command("check " + file);
  EXPECT_EQ(r.exit_code, 2);
  EXPECT_NE(r.err.find("mine.yaml:6"), std::string::npos) << r.err;
  return r.err;
}

TEST(FpgaFit, WhatDoesNotFitIsRefusedWithHowMuchIsMissing) {
  const std::string dsps = fit_refusal("engines: [{kind: dot_product_array, n: 160}]");
  EXPECT_NE(dsps.find("takes 2532 DSPs, xc7z100 has 2020: 512 too many"), std::string::npos) << dsps;
  const std::string blocks = fit_refusal("scratchpad: {banks: 1024}");
  EXPECT_NE(blocks.find("takes 1024 blocks of memory of 36 Kb, xc7z100 has 755: 269 too many"),
            std::string::npos)
      << blocks;
}

// Shipped designs fit their parts; DFX takes about the 3,533 DSPs that its authors print.
TEST(FpgaFit, ShippedDesignsFit) {
  const ArchSpec dfx = load_arch_named("fpga/u280-x4-dfx");
  EXPECT_NEAR(fpga_need(dfx).dsps / 3533, 1, 0.1);
  const CommandResult r = orrery_command("check fpga/u280-x4-dfx");
  EXPECT_NE(r.out.find("3,328 of 9,024"), std::string::npos) << r.out;
}

}  // namespace
}  // namespace orrery::test
