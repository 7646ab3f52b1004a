#include "sim/mapping/kernel_estimate.h"

#include <algorithm>

#include "sim/estimate/energy.h"
#include "sim/timing/dram/dram_timing.h"
#include "sim/timing/matrix_timing.h"
#include "sim/timing/network_timing.h"
#include "sim/timing/predictor_timing.h"
#include "sim/timing/sparse_timing.h"
#include "sim/timing/vector_timing.h"

namespace orrery {
namespace {

// Tiles of m and n that a wave of `items` concurrent items covers.
struct WaveShape {
  double m = 1, n = 1;
};

WaveShape wave_shape(const TileKernel& kernel, double items) {
  const auto m_tiles = static_cast<double>(kernel.m_tiles());
  const auto n_tiles = static_cast<double>(kernel.n_tiles());
  WaveShape shape;
  switch (kernel.raster) {
    case RasterOrder::n_fastest:
      shape.n = std::min(n_tiles, items);
      shape.m = std::min(m_tiles, std::ceil(items / n_tiles));
      break;
    case RasterOrder::m_fastest:
      shape.m = std::min(m_tiles, items);
      shape.n = std::min(n_tiles, std::ceil(items / m_tiles));
      break;
    case RasterOrder::grouped:
      shape.m = std::min<double>(m_tiles, kernel.raster_group);
      shape.n = std::min(n_tiles, std::ceil(items / shape.m));
      break;
  }
  return shape;
}

// A matrix step of a full tile, as the engine computes it.
struct EngineWork {
  const MatrixEngineSpec& engine;
  const MatrixStep& step;
  std::uint64_t m, n, k;

  std::uint64_t multiplied() const { return multiplied_length(engine, step.sparsity, n, k); }
  double cycles() const {
    return matrix_cycles(engine, step.dataflow, step.dtype, m, n, multiplied(), step.in_place).real();
  }
  double issued() const {
    return static_cast<double>(issued_macs(engine, step.dataflow, step.dtype, m, n, multiplied()));
  }
  double read_bytes() const {
    return operand_read_bytes(engine, step.dataflow, step.a_bits, step.b_bits, m, n, k).real();
  }
};

template <class Visit>
void for_each_matrix_step(const ArchSpec& arch, const TileKernel& kernel, Visit visit) {
  const WorkItem first;
  for (const MatrixStep& step : kernel.matrix_steps) {
    visit(EngineWork{arch.cores.matrix, step, engine_length_at(kernel, step.m, first, 0),
                     engine_length_at(kernel, step.n, first, 0), engine_length_at(kernel, step.k, first, 0)});
  }
}

// Stages of an item in the mean: k tiles that hold something which one of its rows sees.
double mean_stages(const TileKernel& kernel) {
  double stages = std::ceil(static_cast<double>(kernel.k_tiles()) * kernel.sparse.share / kernel.split_k);
  const TileMask& mask = kernel.mask;
  if (!mask.hides()) return stages;
  const auto all = static_cast<double>(kernel.k);
  double seen = all;
  const double rows = static_cast<double>(kernel.tile_m) / static_cast<double>(mask.rows_per_position);
  // The mean row sees the offset and half of the rest, or its window.
  if (mask.causal && kernel.k > mask.offset)
    seen =
        static_cast<double>(mask.offset) + 0.5 * static_cast<double>(kernel.k - mask.offset + kernel.tile_k);
  if (mask.window > 0)
    seen = std::min(seen, static_cast<double>(mask.window + kernel.tile_k) + rows +
                              static_cast<double>(round_up(mask.global, kernel.tile_k)));
  seen *= mask.density;
  return std::max(1.0, stages * std::min(1.0, seen / all));
}

}  // namespace

KernelEstimate::KernelEstimate(const ArchSpec& arch) : arch_(arch) {
  const DramTiming timing(arch.dram);
  dram_bytes_per_s_ = timing.stream_bytes_per_s();
  if (arch.dram.bus_bytes_per_cycle > 0) {
    dram_bytes_per_s_ = std::min(dram_bytes_per_s_, arch.dram.bus_bytes_per_cycle * arch.clock_hz);
  }
  shared_bytes_per_s_ =
      arch.shared_levels.empty() ? 0 : arch.shared_levels.front().sustained_bytes_per_cycle() * arch.clock_hz;
  port_bytes_per_s_ = arch.network.port_bytes_per_cycle * arch.clock_hz;
  latency_s_ = 1e-9 * (timing.read_latency_ns() + arch.dram.controller_latency_ns +
                       network_latency_ns(arch.network, arch.clock_hz));
  for (const SramLevelSpec& level : arch.shared_levels) latency_s_ += 1e-9 * level.latency_ns;
}

bool KernelEstimate::fits(const TileKernel& kernel) const {
  const CoreSpec& core = arch_.cores;
  if (core.accumulator_bytes > 0 &&
      kernel.accumulator_bytes * kernel.resident_items > Bytes{core.accumulator_bytes}) {
    return false;
  }
  return kernel.scratchpad_bytes(core.accumulator_bytes > 0) <= Bytes{core.scratchpad.size_bytes};
}

double KernelEstimate::missed_bytes(const TileKernel& kernel, double loaded_bytes, double capacity) const {
  double unique = 0;
  for (const KernelOperand& operand : kernel.inputs) unique += operand.tensor_bytes.real();
  if (arch_.shared_levels.empty()) return loaded_bytes;
  if (unique <= 0.9 * capacity) return std::min(unique, loaded_bytes);
  // Each wave of concurrent items brings in its tiles once; a tensor much smaller than the buffer stays.
  const double wave = static_cast<double>(kernel.cores_used) * kernel.resident_items;
  const WaveShape shape = wave_shape(kernel, wave / kernel.split_k);
  const double waves =
      static_cast<double>(kernel.items()) / std::min(wave, static_cast<double>(kernel.items()));
  double bytes = 0;
  for (const KernelOperand& operand : kernel.inputs) {
    const auto total = operand.tensor_bytes.real();
    if (total <= 0.4 * capacity) {
      bytes += total;
      continue;
    }
    const double m_share = operand.by_m ? shape.m / static_cast<double>(kernel.m_tiles()) : 1;
    const double n_share = operand.by_n ? shape.n / static_cast<double>(kernel.n_tiles()) : 1;
    const double batch = operand.by_batch ? static_cast<double>(kernel.batch) : 1;
    bytes += std::max(total, waves * total / batch * m_share * n_share);
  }
  return std::min(bytes, loaded_bytes);
}

double KernelEstimate::outer_s(const TileKernel& kernel, double loaded_bytes, double written_bytes) const {
  double seconds = 0;
  for (std::size_t i = 1; i < arch_.shared_levels.size(); ++i) {
    const auto inner = static_cast<double>(arch_.shared_levels[i - 1].size_bytes);
    const double moved = missed_bytes(kernel, loaded_bytes, inner) + written_bytes;
    seconds =
        std::max(seconds, moved / (arch_.shared_levels[i].sustained_bytes_per_cycle() * arch_.clock_hz));
  }
  return seconds;
}

// Cycles of the vector steps of a full tile.
double KernelEstimate::steps_cycles(const TileKernel& kernel, const std::vector<VectorStep>& steps) const {
  const WorkItem first;
  double cycles = 0;
  for (const VectorStep& step : steps) {
    const std::uint64_t rows = lane_length_at(kernel, step.rows, first, 0);
    const std::uint64_t cols = lane_length_at(kernel, step.cols, first, 0);
    cycles += vector_work(arch_.cores.vector, step.cost, rows, cols).cycles.real();
  }
  return cycles;
}

ActivityCounts KernelEstimate::counts(const TileKernel& kernel) const {
  const WorkItem first;
  const auto items = static_cast<double>(kernel.items());
  const double stages =
      items * std::ceil(static_cast<double>(kernel.k_tiles()) * kernel.sparse.share / kernel.split_k);
  double issued = 0;
  double pad_read = 0;
  for_each_matrix_step(arch_, kernel, [&](const EngineWork& work) {
    issued += work.issued();
    pad_read += work.read_bytes();
  });
  double loaded = 0;
  for (const KernelOperand& operand : kernel.inputs) {
    const auto bytes = operand_bytes(kernel, operand, first, 0).real();
    if (operand.hold) {
      loaded += bytes * static_cast<double>(operand_tile_count(kernel, operand)) * kernel.cores_used;
    } else {
      loaded += bytes * (operand.once ? items : stages);
    }
  }
  double stored = 0;
  for (const KernelOperand& operand : kernel.outputs)
    stored += items * operand_bytes(kernel, operand, first, 0).real();
  const auto capacity = static_cast<double>(arch_.shared_capacity_bytes());
  const double missed = missed_bytes(kernel, loaded, capacity);
  const auto count = [](double value) { return static_cast<std::uint64_t>(value); };
  ActivityCounts counts;
  counts.macs[static_cast<std::size_t>(kernel.mac_dtype)] = kernel.useful_macs;
  counts.issued_macs = count(issued * stages);
  counts.requested_read_bytes = count(loaded);
  counts.requested_write_bytes = count(stored);
  counts.noc_bytes = counts.noc_hop_bytes = count(loaded + stored);
  counts.scratchpad_read_bytes = count(pad_read * stages + stored);
  counts.scratchpad_write_bytes = count(loaded + stored);
  counts.dram_read_bytes = count(missed);
  counts.dram_write_bytes = count(arch_.shared_levels.empty() ? stored : std::max(0.0, stored - capacity));
  if (!arch_.shared_levels.empty()) {
    LevelCounts& level = counts.levels[0];
    level.read_bytes = count(loaded);
    level.write_bytes = count(stored);
    level.fill_bytes = count(missed);
  }
  return counts;
}

Joules KernelEstimate::energy_of(const TileKernel& kernel, double seconds) const {
  return energy(counts(kernel), seconds, 1, arch_).total();
}

double KernelEstimate::seconds(const TileKernel& kernel) const {
  const WorkItem first;
  const double cycle_s = 1 / arch_.clock_hz;
  double matrix_cycles_stage = 0;
  double read_bytes = 0;
  for_each_matrix_step(arch_, kernel, [&](const EngineWork& work) {
    matrix_cycles_stage += work.cycles();
    read_bytes += work.read_bytes();
  });
  const double vector_cycles = steps_cycles(kernel, kernel.vector_steps);
  const double epilogue_cycles =
      std::max(steps_cycles(kernel, kernel.epilogue), kernel.least_epilogue(kernel.tile_n).real());

  const auto items = static_cast<double>(kernel.items());
  const double stages = mean_stages(kernel);
  double streamed = 0;   // a stage
  double once = 0;       // an item
  double common = 0;     // a stage, of what items along m share
  double elsewhere = 0;  // a stage, that lies on other cores of the cluster
  for (const KernelOperand& operand : kernel.inputs) {
    const auto bytes = operand_bytes(kernel, operand, first, 0).real();
    if (operand.once) {
      once += bytes;
    } else if (operand.hold) {
      // Reloaded when its index changes: its tiles are visited once each per change of an outer index.
      once += bytes * static_cast<double>(operand_tile_count(kernel, operand)) * kernel.cores_used / items;
    } else {
      const double own = bytes / parts_of(kernel, operand);
      streamed += own;
      if (!operand.by_m) common += own;
      elsewhere += bytes - own;
    }
  }
  double stored = 0;
  for (const KernelOperand& operand : kernel.outputs) {
    stored += operand_bytes(kernel, operand, first, 0).real();
  }
  const double pad_rate = static_cast<double>(arch_.cores.scratchpad.bytes_per_cycle());
  if (kernel.matrix_steps.empty()) read_bytes += streamed + once;
  const double supply_cycles = (read_bytes + streamed) / pad_rate;
  const double paced = kernel.matrix_steps.empty() ? std::max(vector_cycles, supply_cycles)
                                                   : std::max(matrix_cycles_stage, supply_cycles);
  const double other = kernel.matrix_steps.empty() ? 0 : vector_cycles;
  double stage_cycles = arch_.cores.overlap_engines && !kernel.in_order && kernel.resident_items > 1
                            ? std::max(paced, other)
                            : paced + other;
  const double issue_cycles =
      static_cast<double>(kernel.instructions_per_stage) * arch_.command.instruction_issue_cycles;
  if (kernel.predictor) {
    const PartCycles predicted = predictor_cycles(*kernel.predictor, kernel.tile_m, kernel.tile_k);
    stage_cycles = std::max(stage_cycles, predicted.value());
  }
  stage_cycles = std::max(stage_cycles, kernel.stage_vector_cycles.real()) + kernel.stage_chain_cycles.real();
  stage_cycles += issue_cycles;  // an instruction issues when the stage before it is done

  const double items_a_core = std::ceil(items / kernel.cores_used);
  const double in_flight_items = std::min(items_a_core, static_cast<double>(kernel.resident_items));
  const double item_bytes = once + streamed * stages;
  const double latency_cycles =
      kernel.matrix_steps.empty() ? 0 : matrix_latency_cycles(arch_.cores.matrix).real();
  const double store_s = stored / port_bytes_per_s_;
  const double first_load_s = latency_s_ + (once + streamed) / port_bytes_per_s_;
  const double exposed_s =
      (epilogue_cycles + latency_cycles) * cycle_s + store_s + first_load_s +
      arch_.command.item_dispatch_ns * 1e-9 +
      static_cast<double>(kernel.instructions_per_item) * arch_.command.instruction_issue_cycles * cycle_s;
  const double engine_s = stages * stage_cycles * cycle_s;
  // Several resident items hide each other's fill and epilogue behind their stages; so does prefetching.
  const double hidden = arch_.cores.prefetch_across_items ? 1.0 : (in_flight_items - 1) / in_flight_items;
  const double core_s = items_a_core * std::max(engine_s, epilogue_cycles * cycle_s) +
                        std::max(0.0, items_a_core - 1) * exposed_s * (1 - hidden);
  const double port_s = items_a_core * item_bytes / port_bytes_per_s_;
  // Little's law: a core cannot have more on its way than its buffers and its DMA engine hold.
  const double buffers = in_flight_items * (once + streamed * std::max(1.0, kernel.pipeline_stages - 1.0));
  const double outstanding = static_cast<double>(arch_.cores.dma.max_outstanding) *
                             static_cast<double>(arch_.cores.dma.max_granule_bytes);
  const double flight_s =
      items_a_core * item_bytes * latency_s_ / std::max(1.0, std::min(buffers, outstanding));
  const double loaded = items * item_bytes;
  const auto capacity = static_cast<double>(arch_.shared_capacity_bytes());
  const double asked = loaded + items * stages * elsewhere;
  const double dram_s = missed_bytes(kernel, asked, capacity) / dram_bytes_per_s_;
  const double written = items * stored;
  double shared_s = 0;
  double write_s = 0;
  if (shared_bytes_per_s_ > 0) {
    // Of what a cluster, neighbours along m, asks for alike one read serves all.
    const double shared_reads =
        kernel.parted ? loaded : loaded - items * common * stages * (1 - 1.0 / kernel.cluster);
    shared_s = std::max((shared_reads + written) / shared_bytes_per_s_, outer_s(kernel, loaded, written));
    write_s = std::max(0.0, written - capacity) / dram_bytes_per_s_;
  } else {
    write_s = written / dram_bytes_per_s_;
  }
  const double cores_loading = std::min<double>(kernel.cores_used, items);
  // The engines wait for the first stage; memory and ports are at work meanwhile.
  const double fill_s =
      std::max((once + streamed) / port_bytes_per_s_, cores_loading * (once + streamed) / dram_bytes_per_s_);
  const double tail_s = (epilogue_cycles + latency_cycles) * cycle_s + store_s + stage_cycles * cycle_s;
  const double bound_s = std::max({core_s + fill_s, port_s, flight_s, dram_s + write_s, shared_s});
  return bound_s + latency_s_ + tail_s +
         (arch_.command.kernel_overhead_ns + kernel.prologue_ns + arch_.command.item_dispatch_ns) * 1e-9;
}

}  // namespace orrery
