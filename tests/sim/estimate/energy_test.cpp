#include "sim/estimate/energy.h"

#include <gtest/gtest.h>

#include "sim/estimate/actions.h"
#include "sim/timing/matrix_timing.h"
#include "tests/support/small_machine.h"

namespace orrery::test {
namespace {

TEST(Energy, IsTheSumOfItsParts) {
  const ArchSpec arch = small_machine();
  ActivityCounts counts;
  counts.macs[static_cast<std::size_t>(DType::fp16)] = 1000;
  counts.scratchpad_read_bytes = 100;
  counts.dram_read_bytes = 10;
  counts.dram_write_bytes = 5;
  counts.noc_hop_bytes = 20;
  const EnergyBreakdown e = energy(counts, 2.0, 3, arch);
  EXPECT_DOUBLE_EQ(e.compute.value(), 3 * 1000e-12);
  EXPECT_DOUBLE_EQ(e.sram.value(), 3 * 800 * 0.1e-12);
  EXPECT_DOUBLE_EQ(e.dram.value(), 3 * 15 * 8 * 18e-12);
  EXPECT_DOUBLE_EQ(e.noc.value(), 3 * 160 * 0.1e-12);
  EXPECT_DOUBLE_EQ(e.static_power.value(), 3 * 2.0 * 1.0);
  EXPECT_NEAR(
      e.total().value(),
      (e.compute + e.conversion + e.registers + e.sram + e.dram + e.noc + e.link + e.static_power + e.supply)
          .value(),
      1e-9 * e.total().value());
}

// A part that a machine has and nobody priced is not nothing.
TEST(Energy, WhatNobodyPricedIsNotModelled) {
  ArchSpec arch = small_machine();
  arch.core_energy = {};
  arch.node.energy_pj_per_bit = 0;
  EXPECT_TRUE(parts_not_modelled(arch, 1).has(EnergyPart::registers));
  EXPECT_FALSE(parts_not_modelled(arch, 1).has(EnergyPart::link));
  EXPECT_TRUE(parts_not_modelled(arch, 2).has(EnergyPart::link));
  EXPECT_FALSE(parts_not_modelled(arch, 2).has(EnergyPart::conversion));
  EXPECT_TRUE(reported_energy({}, 1, 2, arch).not_modelled.has(EnergyPart::link));
  arch.core_energy.pj_per_moved_bit = 1;
  arch.node.energy_pj_per_bit = 1;
  EXPECT_TRUE(parts_not_modelled(arch, 2).empty());
}

TEST(Energy, RegistersGoWithWhatIsIssuedAndMoved) {
  ArchSpec arch = small_machine();
  arch.core_energy = {0.5, 4, 3};
  ActivityCounts counts;
  counts.issued_macs = 1000;
  counts.vector_ops = 10;
  counts.transcendental_ops = 2;
  counts.requested_read_bytes = 6;
  counts.requested_write_bytes = 1;
  EXPECT_DOUBLE_EQ(dynamic_energy(counts, arch).registers.value(), (500 + 48 + 7 * 8 * 3) * 1e-12);
}

// Formats share the multipliers of the widest, and never take less than their share of it.
TEST(Energy, NarrowMultipliesTakeAShareOfWideOnes) {
  EnergyTable table;
  const auto pj = [&table](DType dtype) -> double& { return table.mac_pj[static_cast<std::size_t>(dtype)]; };
  pj(DType::fp16) = 0.8;
  pj(DType::fp8) = 0.3;
  pj(DType::int8) = 0.1;
  pj(DType::int4) = 0.05;
  CoreEnergySpec core;
  EXPECT_EQ(mac_pj(table, core, DType::int8), 0.1);
  core.narrow_share = 0.25;
  EXPECT_DOUBLE_EQ(mac_pj(table, core, DType::int8), 0.2);
  EXPECT_DOUBLE_EQ(mac_pj(table, core, DType::int4), 0.1);
  EXPECT_EQ(mac_pj(table, core, DType::fp8), 0.3);
  EXPECT_EQ(mac_pj(table, core, DType::fp16), 0.8);
}

TEST(Energy, DramGoesByActivatesReadsAndWrites) {
  ArchSpec arch = small_machine();
  arch.dram.energy = {900, 2, 2.5, 0.5, 9};
  ActivityCounts counts;
  counts.dram_activates = 3;
  counts.dram_read_bytes = 100;
  counts.dram_write_bytes = 10;
  EXPECT_DOUBLE_EQ(dynamic_energy(counts, arch).dram.value(), (2700 + 800 * 11.5 + 80 * 12.0) * 1e-12);
}

// DACs and ADCs by their bits; a multiply in a cell takes what the crossbar says, a cell that is written too.
TEST(Energy, CrossbarsPayTheirConverters) {
  CrossbarSpec crossbar;
  crossbar.dac_bits = 6;
  crossbar.adc_bits = 8;
  crossbar.cell_mac_pj = 0.005;
  crossbar.cell_write_pj = 2;
  ArchSpec arch = small_machine();
  arch.cores.matrix = crossbar;
  arch.energy.adc_fj_per_step = 20;
  arch.energy.dac_fj_per_step = 5;
  ActivityCounts counts;
  counts.macs[static_cast<std::size_t>(DType::int8)] = 1000;
  counts.dac_conversions = 10;
  counts.adc_conversions = 3;
  counts.cells_written = 7;
  const EnergyBreakdown e = dynamic_energy(counts, arch);
  EXPECT_DOUBLE_EQ(e.compute.value(), 19e-12);
  EXPECT_DOUBLE_EQ(e.conversion.value(), (10 * 5 * 64 + 3 * 20 * 256) * 1e-15);
  std::get<CrossbarSpec>(arch.cores.matrix).adc_fj_per_step = 2;
  EXPECT_DOUBLE_EQ(dynamic_energy(counts, arch).conversion.value(), (10 * 5 * 64 + 3 * 2 * 256) * 1e-15);
}

// A router and its wire a channel of a routed network; a crossbar is wire alone.
TEST(Energy, ARoutedNetworkPaysItsRouters) {
  ArchSpec arch = small_machine();
  arch.energy.router_pj_per_bit = 0.3;
  ActivityCounts counts;
  counts.noc_hop_bytes = 50;
  const double wires = dynamic_energy(counts, arch).noc.value();
  arch.network.routed = NocSpec{};
  EXPECT_DOUBLE_EQ(dynamic_energy(counts, arch).noc.value() - wires, 400 * 0.3e-12);
}

// An eighth of a tile's rows costs its registers as much as all of it: the engine issues whole instructions.
TEST(Energy, PaddingIsIssued) {
  DotProductArraySpec tensor_cores;
  tensor_cores.instruction_m = 16;
  tensor_cores.instruction_n = 8;
  tensor_cores.instruction_k = 16;
  EXPECT_EQ(issued_macs(tensor_cores, Dataflow::output_stationary, DType::fp16, 2, 8, 32), 16U * 8 * 32);
  SystolicArraySpec array;
  array.rows = array.cols = 32;
  EXPECT_EQ(issued_macs(array, Dataflow::weight_stationary, DType::fp16, 5, 40, 10), 32U * 64 * 5);
  EXPECT_EQ(issued_macs(array, Dataflow::output_stationary, DType::fp16, 5, 40, 10), 32U * 64 * 10);
  EXPECT_EQ(issued_macs(array, Dataflow::input_stationary, DType::fp16, 5, 40, 10), 32U * 32 * 40);
}

// A multiplier alone that issues three products of 8 bits has filled two of 16, not one.
TEST(Energy, NarrowProductsFillWholeOnes) {
  const MatrixEngineSpec multiplier = DotProductArraySpec{};
  EXPECT_EQ(issued_macs(multiplier, Dataflow::output_stationary, DType::int8, 1, 1, 3), 2U);
  EXPECT_EQ(issued_macs(multiplier, Dataflow::output_stationary, DType::int4, 1, 1, 4), 1U);
  EXPECT_EQ(issued_macs(multiplier, Dataflow::output_stationary, DType::fp32, 1, 1, 3), 6U);
}

TEST(Energy, InterpolatesSramInTheLogarithmOfItsSize) {
  EnergyTable table;
  table.sram_pj_per_bit = {{8, 0.1}, {128, 0.3}};
  EXPECT_DOUBLE_EQ(sram_pj_per_bit(table, 4), 0.1);
  EXPECT_DOUBLE_EQ(sram_pj_per_bit(table, 32), 0.2);
  EXPECT_DOUBLE_EQ(sram_pj_per_bit(table, 1024), 0.3);
}

}  // namespace
}  // namespace orrery::test
