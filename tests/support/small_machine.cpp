#include "tests/support/small_machine.h"

#include "sim/config/dram_loader.h"

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
  d.device = load_dram_device("ddr4-3200");
  d.channels = 1;
  d.capacity_bytes = d.allocatable_bytes = kGiB;
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
