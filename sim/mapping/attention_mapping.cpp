// Fused attention in the manner of FlashAttention (Dao 2023): a work item keeps a tile of queries and walks
// over blocks of keys and values with a running softmax; the queries that share a key/value head (GQA) lie in
// one tile. With few queries the context is split over cores and the partial results are combined
// (FlashDecoding).

#include <fmt/format.h>

#include <algorithm>

#include "sim/mapping/candidate_list.h"
#include "sim/mapping/kernel_estimate.h"
#include "sim/mapping/operator_mapping.h"
#include "sim/timing/matrix_timing.h"
#include "sim/workload/operator_counts.h"

namespace orrery {
namespace {

// `grouped`: the queries that share a key/value head lie in one tile; else each head reads them for itself.
TileKernel untiled(const Operator& op, bool in_order, bool grouped) {
  const auto& s = std::get<AttentionShape>(op.shape);
  const std::uint64_t shared = s.heads / s.kv_heads;
  const std::uint64_t group = grouped ? shared : 1;
  TileKernel kernel;
  kernel.batch = s.batch * s.heads / group;
  kernel.m = s.q * group;
  kernel.n = 1;
  kernel.k = s.kv;
  kernel.causal = s.causal;
  kernel.causal_offset = s.kv - s.q;
  kernel.causal_rows_per_position = group;
  kernel.useful_macs = operator_macs(op);
  kernel.mac_dtype = op.dtype;
  const std::uint32_t bits = storage_bits(op.inputs.at(0).dtype);
  KernelOperand q;
  q.tensor = TensorId{0};
  q.by_batch = q.by_m = q.once = true;
  q.rows = tile_of(LoopDim::m);
  q.cols = fixed_length(s.head_dim);
  q.bits = bits;
  q.tensor_bytes = op.inputs[0].bytes();
  KernelOperand key;
  key.tensor = TensorId{1};
  key.by_batch = key.by_k = true;
  key.batch_divisor = shared / group;
  key.rows = tile_of(LoopDim::k);
  key.cols = fixed_length(s.head_dim);
  key.bits = storage_bits(op.inputs.at(1).dtype);
  key.tensor_bytes = op.inputs[1].bytes();
  KernelOperand value = key;
  value.tensor = TensorId{2};
  value.tensor_bytes = op.inputs.at(2).bytes();
  kernel.inputs = {q, key, value};
  KernelOperand out = q;
  out.tensor = TensorId{static_cast<std::uint32_t>(op.inputs.size())};
  out.once = false;
  out.bits = storage_bits(op.outputs.at(0).dtype);
  out.tensor_bytes = op.outputs[0].bytes();
  kernel.outputs = {out};
  MatrixStep scores;
  scores.m = tile_of(LoopDim::m);
  scores.n = tile_of(LoopDim::k);
  scores.k = fixed_length(s.head_dim);
  scores.dtype = op.dtype;
  scores.a_bits = scores.b_bits = bits;
  MatrixStep weighted = scores;
  weighted.n = fixed_length(s.head_dim);
  weighted.k = tile_of(LoopDim::k);
  kernel.matrix_steps = {scores, weighted};
  kernel.vector_steps = {{kOnlineSoftmaxCost, tile_of(LoopDim::m), tile_of(LoopDim::k)}};
  // FlashAttention-2: a block's softmax stands between its two products; only other blocks fill the gap.
  kernel.in_order = in_order;
  kernel.epilogue = {{kScaleCost, tile_of(LoopDim::m), fixed_length(s.head_dim)}};
  return kernel;
}

}  // namespace

std::vector<Candidate> map_attention(const ArchSpec& arch, const Operator& op, std::size_t most,
                                     const TileRequest& request, MapObjective objective) {
  const auto& s = std::get<AttentionShape>(op.shape);
  const KernelEstimate estimate(arch);
  const bool in_order = arch.execution.library && !arch.execution.library->attention_overlaps;
  const bool shipped = arch.execution.library.has_value() && !request.any();
  const TileKernel base = untiled(op, in_order, !shipped);
  CandidateList list(estimate, most, objective);
  constexpr std::uint64_t library_query_tile = 128;
  auto ms =
      request.m != 0 ? std::vector<std::uint64_t>{std::min(request.m, base.m)} : tile_sizes(base.m, 16, 1024);
  // FlashAttention-2 keeps 128 queries (fewer where they do not fit) and walks over blocks of 64 keys (128
  // for short heads).
  if (shipped && s.q > 1) {
    ms.clear();
    for (std::uint64_t tile = library_query_tile; tile >= 16; tile /= 2)
      ms.push_back(std::min(tile, round_up<std::uint64_t>(base.m, 16)));
  }
  auto ks = request.k != 0 ? std::vector<std::uint64_t>{std::min(request.k, base.k)}
                           : tile_sizes(base.k, shipped ? 16 : 64, 4096);
  if (shipped && s.q > 1) {
    ks.clear();
    for (std::uint64_t block = s.head_dim > 64 ? 64 : 128; block >= 16; block /= 2)
      ks.push_back(std::min(block, base.k));
  }
  const auto reduction = [&](const TileKernel& kernel) {
    TileKernel sum = reduction_kernel(arch, TensorId{kFirstTemporary}, base.outputs[0].tensor,
                                      base.batch * base.m, s.head_dim, kernel.split_k, base.outputs[0].bits);
    KernelOperand statistics = sum.inputs[0];
    statistics.tensor = TensorId{kFirstTemporary + 1};
    statistics.by_n = false;
    statistics.cols = fixed_length(2);
    statistics.tensor_bytes = base.batch * base.m * 2 * 4 * kernel.split_k;
    sum.inputs.push_back(statistics);
    sum.vector_steps.push_back({kSoftmaxCost, tile_of(LoopDim::m), fixed_length(kernel.split_k)});
    complete_kernel(sum);
    lay_out(arch, sum);
    return sum;
  };
  for (const std::uint64_t tm : ms) {
    for (const std::uint64_t tk : ks) {
      if (shipped && s.q > 1 && !list.empty()) break;  // the first that fits
      for (std::uint32_t split = 1; split <= 64; split *= 2) {
        TileKernel kernel = base;
        kernel.tile_m = tm;
        kernel.tile_k = tk;
        kernel.padded = shipped && s.q > 1;
        kernel.split_k = split;
        const std::uint64_t plane = kernel.batch * kernel.m_tiles();
        if (split > 1 && (split > kernel.k_tiles() || plane * split > 8 * std::uint64_t{arch.cores.count} ||
                          plane >= 2 * std::uint64_t{arch.cores.count} ||
                          (kernel.causal && kernel.m > kernel.causal_rows_per_position))) {
          break;
        }
        if (split > 1) {
          kernel.outputs[0].by_split = true;
          kernel.outputs[0].bits = 32;
          KernelOperand statistics = kernel.outputs[0];  // a split's running maximum and sum
          statistics.tensor = TensorId{kFirstTemporary + 1};
          statistics.cols = fixed_length(2);
          kernel.outputs.push_back(statistics);
        }
        kernel.accumulator_bytes = (tm * s.head_dim + tm * tk) * 4;
        complete_kernel(kernel);
        kernel.cores_used =
            static_cast<std::uint32_t>(std::min<std::uint64_t>(arch.cores.count, kernel.items()));
        for (const Dataflow dataflow : dataflows(arch.cores.matrix)) {
          for (MatrixStep& step : kernel.matrix_steps) step.dataflow = dataflow;
          if (!lay_out(arch, kernel)) continue;
          double seconds = estimate.seconds(kernel);
          if (split > 1) seconds += estimate.seconds(reduction(kernel));
          list.offer(kernel, seconds);
        }
      }
    }
  }
  std::vector<Candidate> result;
  for (const CandidateList::Entry& entry : list.best()) {
    Candidate candidate;
    TileKernel kernel = entry.kernel;
    candidate.estimate_s = entry.estimate_s;
    candidate.thrifty = entry.thrifty;
    candidate.description = fmt::format(
        "query tile {}, kv block {}, split_kv {}, {} cores x {} items x {} buffers", kernel.tile_m,
        kernel.tile_k, kernel.split_k, kernel.cores_used, kernel.resident_items, kernel.pipeline_stages);
    if (kernel.split_k > 1) {
      kernel.outputs[0].tensor = TensorId{kFirstTemporary};
      candidate.program.tasks.push_back({kernel, {}});
      candidate.program.tasks.push_back({reduction(kernel), {0}});
    } else {
      candidate.program.tasks.push_back({kernel, {}});
    }
    result.push_back(std::move(candidate));
  }
  return result;
}

}  // namespace orrery
