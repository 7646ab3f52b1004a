#include "sim/mapping/matmul_kernel.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "sim/mapping/crossbar_mapping.h"
#include "sim/mapping/operator_mapping.h"
#include "sim/timing/sparse_timing.h"
#include "sim/workload/operator_counts.h"

namespace orrery {
namespace {

bool is_mixture(DType dtype) {
  return weight_dtype(dtype) != activation_dtype(dtype);
}

// As weights lie in the scratchpad, and what it takes to have them there. A mixture's are widened on the
// vector lanes before they multiply; so are, to whole tiles, sparse ones whose zeros the engine does not pass
// over (Xia et al., Flash-LLM, arXiv 2309.10285: loaded as sparse, computed as dense).
void hold_weights(const ArchSpec& arch, const Operator& op, TileKernel& kernel) {
  KernelOperand& weights = kernel.inputs[kMatmulB];
  MatrixStep& step = kernel.matrix_steps[0];
  const Sparsity& sparsity = weight_sparsity(op);
  const bool passed_over = skips(arch.cores.matrix, sparsity);
  const bool as_stored = sparsity.is_dense() || passed_over || sparsity.kind == SparsityKind::blocks;
  const bool mixture = is_mixture(op.dtype);
  const DType multiplied = op.inputs[mixture ? kMatmulA : kMatmulB].format.dtype;
  StoredFormat held{multiplied,
                    mixture ? kernel.inputs[kMatmulA].bits : ElementBits::of(storage_bits(multiplied))};
  if (passed_over) {
    held = sparse(held, sparsity);
    step.sparsity = sparsity;
  }
  step.b_bits = static_cast<std::uint32_t>(std::ceil(held.bits.real()));
  const auto* dot = std::get_if<DotProductArraySpec>(&arch.cores.matrix);
  const bool by_engine = mixture && dot != nullptr && dot->widens && as_stored;
  if (by_engine) step.b_bits = static_cast<std::uint32_t>(std::ceil(weights.bits.real()));
  if (by_engine || (!mixture && as_stored)) return;
  weights.widened = held.bits;
  VectorCost cost = kWidenCost;
  if (passed_over) cost.simple_ops *= sparsity.share();
  kernel.vector_steps = {{cost, tile_of(LoopDim::k), tile_of(LoopDim::n)}};
}

}  // namespace

TileKernel untiled_matmul(const ArchSpec& arch, const Operator& op) {
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
  step.a_bits = storage_bits(op.inputs[0].format.dtype);
  kernel.matrix_steps = {step};
  if (shape.softmax_columns) kernel.epilogue = {{kSoftmaxCost, tile_of(LoopDim::m), tile_of(LoopDim::n)}};
  kernel.multiplies_useless = !weight_sparsity(op).is_dense();
  if (!weights_in_place(arch, op)) {
    hold_weights(arch, op, kernel);
    return kernel;
  }
  KernelOperand& weights = kernel.inputs[kMatmulB];
  weights.bits = ElementBits::of(0);
  weights.tensor_bytes = Bytes{};
  kernel.matrix_steps[0].in_place = true;
  kernel.matrix_steps[0].b_bits = 0;
  return kernel;
}

void cut_blocks(const Operator& op, TileKernel& kernel, const TileKernel& base) {
  const Sparsity& sparsity = weight_sparsity(op);
  if (sparsity.kind != SparsityKind::blocks || base.matrix_steps[0].in_place) return;
  const std::uint64_t rows = std::min<std::uint64_t>(sparsity.block_rows, base.k);
  const std::uint64_t cols = std::min<std::uint64_t>(sparsity.block_cols, base.n);
  const auto in_a_tile = static_cast<double>(ceil_div(kernel.tile_k, rows) * ceil_div(kernel.tile_n, cols));
  const double share = 1 - std::pow(1 - sparsity.share(), in_a_tile);
  const auto tiles = static_cast<double>(kernel.k_tiles());
  const auto draws = static_cast<double>(ceil_div(base.k, std::max(rows, kernel.tile_k)));
  kernel.sparse = {share, tiles * std::sqrt(share * (1 - share) / draws),
                   std::max<std::uint64_t>(1, cols / kernel.tile_n)};
  // Tiles that are visited hold all that is stored; what is zero of them is filled in on the way.
  KernelOperand& b = kernel.inputs[kMatmulB];
  constexpr std::uint64_t kParts = 1U << 20;
  b.bits = base.inputs[kMatmulB].bits.spread(kParts, static_cast<std::uint64_t>(share * kParts));
  const ElementBits whole = ElementBits::of(storage_bits(op.inputs[kMatmulB].format.dtype));
  if (!is_mixture(op.dtype) && b.bits < whole) b.widened = whole;
}

std::vector<std::uint64_t> with_block(std::vector<std::uint64_t> sizes, std::uint64_t block,
                                      std::uint64_t extent) {
  const auto at = std::lower_bound(sizes.begin(), sizes.end(), block);
  if (block > 0 && block <= extent && (at == sizes.end() || *at != block)) sizes.insert(at, block);
  return sizes;
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
