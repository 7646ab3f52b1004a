#include "models/compute/stage_costs.h"

#include <algorithm>
#include <string>

#include "sim/timing/predictor_timing.h"
#include "sim/timing/sparse_timing.h"
#include "sim/util/errors.h"

namespace orrery {
namespace {

StageCost stage_cost(const TileKernel& kernel, const WorkItem& item, std::uint64_t k_tile,
                     const MatrixEngine& matrix, const VectorUnit& vector, const Scratchpad& scratchpad) {
  StageCost cost;
  Bytes written;
  for (std::size_t i = 0; i < kernel.inputs.size(); ++i) {
    cost.input_bytes[i] = operand_bytes(kernel, kernel.inputs[i], item, k_tile);
    if (kernel.inputs[i].widened) {
      KernelOperand wide = kernel.inputs[i];
      wide.bits = *wide.widened;
      cost.widened_bytes += operand_bytes(kernel, wide, item, k_tile);
    }
    if (!kernel.inputs[i].once && !kernel.inputs[i].hold)
      written += cost.input_bytes[i] / parts_of(kernel, kernel.inputs[i]);
  }
  for (const MatrixStep& step : kernel.matrix_steps) {
    cost.macs += length_at(kernel, step.m, item, k_tile) * length_at(kernel, step.n, item, k_tile) *
                 length_at(kernel, step.k, item, k_tile);
    const std::uint64_t m = engine_length_at(kernel, step.m, item, k_tile);
    const std::uint64_t n = engine_length_at(kernel, step.n, item, k_tile);
    const std::uint64_t all = engine_length_at(kernel, step.k, item, k_tile);
    const std::uint64_t k = multiplied_length(matrix.spec(), step.sparsity, n, all);
    cost.issued_macs += issued_macs(matrix.spec(), step.dataflow, step.dtype, m, n, k);
    const Conversions converted = conversions(matrix.spec(), m, n, k, step.in_place);
    cost.conversions.dac += converted.dac;
    cost.conversions.adc += converted.adc;
    cost.conversions.cells_written += converted.cells_written;
    cost.matrix += matrix.service(step.dataflow, step.dtype, m, n, k, step.in_place);
    cost.scratchpad_read_bytes +=
        operand_read_bytes(matrix.spec(), step.dataflow, step.a_bits, step.b_bits, m, n, all);
  }
  if (kernel.predictor) {
    const std::uint64_t queries = length_at(kernel, tile_of(LoopDim::m), item, k_tile);
    const std::uint64_t keys = length_at(kernel, tile_of(LoopDim::k), item, k_tile);
    cost.predicted_pairs = queries * keys;
    cost.predictor = vector.service(predictor_cycles(*kernel.predictor, queries, keys));
  }
  for (const VectorStep& step : kernel.vector_steps) {
    const VectorWork work = vector.work(step.cost, lane_length_at(kernel, step.rows, item, k_tile),
                                        lane_length_at(kernel, step.cols, item, k_tile));
    cost.vector += vector.service(work);
    cost.vector_work.simple_ops += work.simple_ops;
    cost.vector_work.transcendental_ops += work.transcendental_ops;
  }
  cost.vector = std::max(cost.vector, vector.service(kernel.stage_vector_cycles));
  if (kernel.matrix_steps.empty()) {
    for (const Bytes bytes : cost.input_bytes) cost.scratchpad_read_bytes += bytes;
  }
  const Femtoseconds supply = scratchpad.service(cost.scratchpad_read_bytes + written);
  Femtoseconds& paced = kernel.matrix_steps.empty() ? cost.vector : cost.matrix;
  cost.scratchpad_bound = supply > paced;
  paced = std::max(paced, supply);
  return cost;
}

}  // namespace

StageCosts::StageCosts(const TileKernel& kernel, const MatrixEngine& matrix, const VectorUnit& vector,
                       const Scratchpad& scratchpad)
    : last_m_(kernel.m_tiles() - 1), last_n_(kernel.n_tiles() - 1), last_k_(kernel.k_tiles() - 1) {
  if (kernel.inputs.size() > kMaxOperands || kernel.outputs.size() > kMaxOperands) {
    throw SimulationError(matrix.name(),
                          "a kernel may have at most " + std::to_string(kMaxOperands) + " operands");
  }
  for (std::size_t edge = 0; edge < 8; ++edge) {
    WorkItem item;
    item.m = (edge & 1U) != 0 ? last_m_ : 0;
    item.n = (edge & 2U) != 0 ? last_n_ : 0;
    const std::uint64_t k_tile = (edge & 4U) != 0 ? last_k_ : 0;
    stages_[edge] = stage_cost(kernel, item, k_tile, matrix, vector, scratchpad);
    if (edge >= 4) continue;
    ItemCost& cost = items_[edge];
    for (std::size_t i = 0; i < kernel.outputs.size(); ++i) {
      cost.output_bytes[i] = operand_bytes(kernel, kernel.outputs[i], item, 0);
    }
    for (const VectorStep& step : kernel.epilogue) {
      const VectorWork work = vector.work(step.cost, lane_length_at(kernel, step.rows, item, 0),
                                          lane_length_at(kernel, step.cols, item, 0));
      cost.vector += vector.service(work);
      cost.vector_work.simple_ops += work.simple_ops;
      cost.vector_work.transcendental_ops += work.transcendental_ops;
    }
    const std::uint64_t columns = length_at(kernel, tile_of(LoopDim::n), item, 0);
    cost.vector = std::max(cost.vector, vector.service(kernel.least_epilogue(columns)));
  }
}

void count_stage(ActivityCounts& counts, const TileKernel& kernel, const StageCost& cost) {
  counts.scratchpad_read_bytes += cost.scratchpad_read_bytes.value();
  if (!kernel.multiplies_useless) counts.macs[static_cast<std::size_t>(kernel.mac_dtype)] += cost.macs;
  counts.issued_macs += cost.issued_macs;
  counts.predicted_pairs += cost.predicted_pairs;
  counts.widened_bytes += cost.widened_bytes.value();
  counts.scratchpad_write_bytes += cost.widened_bytes.value();
  counts.dac_conversions += cost.conversions.dac;
  counts.adc_conversions += cost.conversions.adc;
  counts.cells_written += cost.conversions.cells_written;
  counts.vector_ops += cost.vector_work.simple_ops;
  counts.transcendental_ops += cost.vector_work.transcendental_ops;
}

void count_item(ActivityCounts& counts, const ItemCost& cost) {
  counts.vector_ops += cost.vector_work.simple_ops;
  counts.transcendental_ops += cost.vector_work.transcendental_ops;
}

}  // namespace orrery
