#include "sim/mapping/matmul_kernel.h"

#include <fmt/format.h>

#include "sim/mapping/operator_mapping.h"
#include "sim/timing/matrix_timing.h"
#include "sim/workload/operator_counts.h"

namespace orrery {
namespace {

std::uint32_t bits_of(const Operator& op, std::size_t input) {
  return storage_bits(op.inputs.at(input).format.dtype);
}

}  // namespace

TileKernel untiled_matmul(const Operator& op) {
  const auto& shape = std::get<MatmulShape>(op.shape);
  TileKernel kernel;
  kernel.batch = shape.batch;
  kernel.m = shape.m;
  kernel.n = shape.n;
  kernel.k = shape.k;
  kernel.useful_macs = operator_macs(op);
  kernel.mac_dtype = op.dtype;
  KernelOperand a;
  a.tensor = TensorId{kMatmulA};
  a.by_batch = shape.batch > 1;
  a.by_m = a.by_k = true;
  a.rows = tile_of(LoopDim::m);
  a.cols = tile_of(LoopDim::k);
  a.bits = op.inputs.at(0).format.bits;
  a.tensor_bytes = Bytes{op.inputs[0].bytes()};
  KernelOperand b = a;
  b.tensor = TensorId{kMatmulB};
  b.by_m = false;
  b.by_n = true;
  b.rows = tile_of(LoopDim::k);
  b.cols = tile_of(LoopDim::n);
  b.bits = op.inputs.at(1).format.bits;
  b.tensor_bytes = Bytes{op.inputs[1].bytes()};
  kernel.inputs = {a, b};
  KernelOperand c;
  c.tensor = TensorId{static_cast<std::uint32_t>(op.inputs.size())};
  c.by_batch = shape.batch > 1;
  c.by_m = c.by_n = true;
  c.rows = tile_of(LoopDim::m);
  c.cols = tile_of(LoopDim::n);
  c.bits = op.outputs.at(0).format.bits;
  c.tensor_bytes = Bytes{op.outputs[0].bytes()};
  kernel.outputs = {c};
  MatrixStep step;
  step.m = tile_of(LoopDim::m);
  step.n = tile_of(LoopDim::n);
  step.k = tile_of(LoopDim::k);
  step.dtype = op.dtype;
  step.a_bits = bits_of(op, 0);
  step.b_bits = bits_of(op, 1);
  if (weight_dtype(op.dtype) != activation_dtype(op.dtype)) {
    // A mixture's weights are widened on the vector lanes before they multiply, and lie on chip as wide.
    kernel.inputs[kMatmulB].widened = a.bits;
    step.b_bits = step.a_bits;
    kernel.vector_steps = {{kWidenCost, tile_of(LoopDim::k), tile_of(LoopDim::n)}};
  }
  kernel.matrix_steps = {step};
  return kernel;
}

TileKernel chosen_as(const TileKernel& kernel) {
  TileKernel same = kernel;
  for (KernelOperand& operand : same.inputs) {
    if (!operand.widened) continue;
    operand.tensor_bytes = operand.tensor_bytes * operand.widened->parts() / operand.bits.parts();
    operand.bits = *operand.widened;
    same.vector_steps.clear();
  }
  return same;
}

TileKernel split_reduction(const ArchSpec& arch, const TileKernel& kernel, const TileKernel& base) {
  return reduction_kernel(arch, TensorId{kFirstTemporary}, base.outputs[0].tensor, base.batch * base.m,
                          base.n, kernel.split_k, base.outputs[0].bits);
}

Candidate matmul_candidate(const ArchSpec& arch, const CandidateList::Entry& entry, const TileKernel& base) {
  TileKernel kernel = entry.kernel;
  Candidate candidate;
  candidate.estimate_s = entry.estimate_s;
  candidate.thrifty = entry.thrifty;
  candidate.description =
      fmt::format("tile {}x{}x{}, {}, split_k {}, {} cores x {} items x {} buffers", kernel.tile_m,
                  kernel.tile_n, kernel.tile_k, to_string(kernel.matrix_steps[0].dataflow), kernel.split_k,
                  kernel.cores_used, kernel.resident_items, kernel.pipeline_stages);
  if (kernel.split_k == 1) {
    candidate.program.tasks.push_back({kernel, {}});
    return candidate;
  }
  const TileKernel reduction = split_reduction(arch, kernel, base);
  kernel.outputs[0].tensor = TensorId{kFirstTemporary};
  kernel.outputs[0].tensor_bytes = Bytes{kernel.batch * kernel.m * kernel.n * 4 * kernel.split_k};
  candidate.program.tasks.push_back({kernel, {}});
  candidate.program.tasks.push_back({reduction, {0}});
  return candidate;
}

}  // namespace orrery
