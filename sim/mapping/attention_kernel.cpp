#include "sim/mapping/attention_kernel.h"

#include <algorithm>
#include <cmath>

#include "sim/timing/predictor_timing.h"
#include "sim/workload/operator_counts.h"

namespace orrery {
namespace {

// `group`: queries of a position in a tile. One query's window is all that is among its positions.
TileMask mask_of(const AttentionShape& s, const AttendedSequences& sequences, std::uint64_t group) {
  TileMask mask;
  mask.rows_per_position = group;
  mask.density = static_cast<double>(s.density_ppm.value_or(kWholeDensity)) / kWholeDensity;
  if (sequences.q == 1) return mask;
  mask.causal = s.causal;
  if (s.causal) mask.offset = sequences.kv - sequences.q;
  mask.window = s.window.value_or(0);
  mask.global = s.global.value_or(0);
  return mask;
}

}  // namespace

AttentionKernelSpec attention_manner(const ArchSpec& arch, const Operator& op) {
  if (!arch.execution.library) return {};
  const LibrarySpec& library = *arch.execution.library;
  const bool narrow_cache = storage_bits(op.inputs.at(1).format.dtype) < storage_bits(op.dtype);
  return library.attention_of(engine_numbered(std::get<AttentionShape>(op.shape).engine), narrow_cache);
}

TileKernel untiled_attention(const Operator& op, const AttendedSequences& sequences,
                             const AttentionManner& manner) {
  const auto& s = std::get<AttentionShape>(op.shape);
  const auto [batch, queries, cached] = sequences;
  const std::uint64_t shared = s.heads / s.kv_heads;
  const std::uint64_t group = manner.grouped ? shared : 1;
  TileKernel kernel;
  kernel.batch = batch * s.heads / group;
  kernel.m = queries * group;
  kernel.n = 1;
  kernel.k = cached;
  kernel.mask = mask_of(s, sequences, group);
  kernel.multiplies_useless = kernel.mask.hides();
  const bool backward = std::get<AttentionFamily>(operator_row(op.kind).family).backward;
  kernel.useful_macs = attention_macs(s, sequences, backward);
  if (manner.predictor != nullptr) {
    kernel.predictor = *manner.predictor;
    kernel.useful_macs = kept_macs(*manner.predictor, kernel.useful_macs);
    kernel.multiplies_useless = true;
  }
  const std::uint64_t values = s.value_length();
  const auto bytes = [&](const Tensor& tensor, std::uint64_t positions, std::uint64_t heads,
                         std::uint64_t length) {
    return tensor.format.bytes(batch * positions * heads * length);
  };
  KernelOperand q;
  q.tensor = TensorId{0};
  q.by_batch = q.by_m = q.once = true;
  q.rows = tile_of(LoopDim::m);
  q.cols = fixed_length(s.head_dim);
  q.bits = op.inputs[0].format.bits;
  q.tensor_bytes = Bytes{bytes(op.inputs[0], queries, s.heads, s.head_dim)};
  KernelOperand key;
  key.tensor = TensorId{1};
  key.by_batch = key.by_k = true;
  key.batch_divisor = shared / group;
  key.rows = tile_of(LoopDim::k);
  key.cols = fixed_length(s.head_dim);
  key.bits = op.inputs.at(1).format.bits;
  key.tensor_bytes = Bytes{bytes(op.inputs[1], cached, s.kv_heads, s.head_dim)};
  kernel.inputs = {q, key};
  if (!values_in_keys(op.kind)) {
    KernelOperand value = key;
    value.tensor = TensorId{2};
    value.cols = fixed_length(values);
    value.tensor_bytes = Bytes{bytes(op.inputs.at(2), cached, s.kv_heads, values)};
    kernel.inputs.push_back(value);
  }
  if (backward) {
    KernelOperand gradient = q;
    gradient.tensor = TensorId{3};
    gradient.cols = fixed_length(values);
    gradient.bits = op.inputs.at(3).format.bits;
    gradient.tensor_bytes = Bytes{bytes(op.inputs[3], queries, s.heads, values)};
    kernel.inputs.push_back(gradient);
  }
  KernelOperand out = q;
  out.tensor = TensorId{static_cast<std::uint32_t>(op.inputs.size())};
  out.once = false;
  out.cols = fixed_length(backward ? s.head_dim : values);
  out.bits = op.outputs.at(0).format.bits;
  out.tensor_bytes = Bytes{bytes(op.outputs[0], queries, s.heads, backward ? s.head_dim : values)};
  kernel.outputs = {out};
  if (backward) {
    // Sums over the items that share keys, each of which writes its part of them (see cut).
    KernelOperand sums = out;
    sums.tensor = TensorId{5};
    sums.cols = fixed_length(s.head_dim + values);
    sums.bits = op.outputs.at(1).format.bits;
    sums.tensor_bytes = Bytes{bytes(op.outputs[1], cached, s.kv_heads, s.head_dim + values)};
    kernel.outputs.push_back(sums);
  }
  const bool narrower = storage_bits(op.inputs.at(1).format.dtype) < storage_bits(op.dtype);
  const DType multiplied = narrower && manner.narrows ? op.inputs[1].format.dtype : op.dtype;
  kernel.mac_dtype = multiplied;
  MatrixStep scores;
  scores.m = tile_of(LoopDim::m);
  scores.n = tile_of(LoopDim::k);
  scores.k = fixed_length(s.head_dim);
  scores.dtype = multiplied;
  scores.a_bits = scores.b_bits = storage_bits(multiplied);
  MatrixStep weighted = scores;
  weighted.n = fixed_length(values);
  weighted.k = tile_of(LoopDim::k);
  kernel.matrix_steps = {scores, weighted};
  if (backward) {
    MatrixStep weights = scores;  // gradient . values
    weights.k = fixed_length(values);
    MatrixStep queries_gradient = weighted;
    queries_gradient.n = fixed_length(s.head_dim);
    MatrixStep values_gradient = weighted;  // sums over the tile's queries
    values_gradient.m = tile_of(LoopDim::k);
    values_gradient.k = tile_of(LoopDim::m);
    MatrixStep keys_gradient = values_gradient;
    keys_gradient.n = fixed_length(s.head_dim);
    kernel.matrix_steps = {scores, weights, values_gradient, keys_gradient, queries_gradient};
  }
  VectorCost softmax = std::get<AttentionFamily>(operator_row(op.kind).family).cost;
  if (manner.row_a_lane) softmax.reductions = 0;
  kernel.vector_steps = {{softmax, tile_of(LoopDim::m), tile_of(LoopDim::k)}};
  if (narrower && !manner.narrows) {
    for (const std::uint64_t length : {s.head_dim, values})
      kernel.vector_steps.push_back({kWidenCost, tile_of(LoopDim::k), fixed_length(length)});
  }
  kernel.in_order = manner.in_order;
  kernel.epilogue = {{kScaleCost, tile_of(LoopDim::m), fixed_length(values)}};
  return kernel;
}

const ScorePredictorSpec* predictor_of(const ArchSpec& arch, const Operator& op) {
  const auto* attention = std::get_if<AttentionFamily>(&operator_row(op.kind).family);
  const bool chosen = arch.cores.predictor && attention != nullptr && !attention->backward;
  return chosen ? &*arch.cores.predictor : nullptr;
}

void fetch_kept(TileKernel& kernel) {
  if (!kernel.predictor || !kernel.predictor->fetches_kept) return;
  const double share = kept_by_any(*kernel.predictor, std::min(kernel.tile_m, kernel.m));
  for (KernelOperand& operand : kernel.inputs) {
    if (!operand.by_k) continue;
    const bool keys = operand.tensor == TensorId{1};
    const double all = operand.bits.real();
    const double read = share * all + (keys ? kernel.predictor->read_bits : 0);
    const auto parts = static_cast<std::uint64_t>(std::ceil(1024 * std::min(1.0, read / all)));
    operand.bits = operand.bits.spread(parts, 1024);
    operand.tensor_bytes = Bytes{ceil_div<std::uint64_t>(operand.tensor_bytes.value() * parts, 1024)};
  }
}

void swap_operands(TileKernel& kernel) {
  for (MatrixStep& step : kernel.matrix_steps) {
    std::swap(step.m, step.n);
    std::swap(step.a_bits, step.b_bits);
  }
}

}  // namespace orrery
