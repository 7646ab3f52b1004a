#include "tests/support/small_machine.h"

namespace orrery::test {

ArchSpec small_machine() {
  ArchSpec arch;
  arch.name = "test/small";
  arch.clock_hz = 1e9;
  arch.tdp_w = 10;
  arch.static_w = 1;
  arch.die_mm2 = 10;
  SystolicArraySpec array;
  array.rows = array.cols = 16;
  array.dataflows = {Dataflow::weight_stationary, Dataflow::output_stationary, Dataflow::input_stationary};
  array.rates[static_cast<std::size_t>(DType::fp16)] = 1;
  arch.cores.matrix = array;
  arch.cores.vector = {16, 4, 4, 0};
  arch.cores.scratchpad = {256 * kKiB, 32, 16};
  arch.cores.max_resident_items = 1;
  arch.cores.max_pipeline_stages = 4;
  arch.cores.prefetch_across_items = true;
  arch.cores.dma = {64, 64 * kKiB};
  DramSpec& d = arch.dram;
  d.preset = d.kind = "ddr4";
  d.channels = 1;
  d.data_rate_mtps = 3200;
  d.transfers_per_clock = 2;
  d.channel_width_bits = 64;
  d.burst_length = 8;
  d.bank_groups = d.banks_per_group = 4;
  d.page_bytes = 8192;
  d.nccd_s = 4;
  d.nccd_l = 8;
  d.cl_ns = 13.75;
  d.cwl_ns = 10;
  d.trcd_ns = d.trp_ns = 13.75;
  d.tras_ns = 32.5;
  d.trc_ns = 46.25;
  d.trrd_s_ns = 2.5;
  d.tfaw_ns = 21.25;
  d.trtp_ns = 7.5;
  d.twr_ns = 15;
  d.twtr_s_ns = 2.5;
  d.twtr_l_ns = 7.5;
  d.trefi_ns = 7800;
  d.trfc_ns = 350;
  d.interleave_bytes = 256;
  d.capacity_bytes = kGiB;
  d.energy.read_pj_per_bit = d.energy.write_pj_per_bit = 18;
  arch.network = {1024, 0, 1};
  arch.execution.default_dtype = DType::fp16;
  arch.energy.mac_pj.fill(1);
  arch.energy.vector_op_pj = arch.energy.transcendental_op_pj = 1;
  arch.energy.sram_pj_per_bit = {{8, 0.1}, {1024, 0.2}};
  arch.energy.wire_pj_per_bit_mm = 0.1;
  arch.scratchpad_bank_kib = 8;
  return arch;
}

}  // namespace orrery::test
