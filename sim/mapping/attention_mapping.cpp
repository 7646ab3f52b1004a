// Fused attention in the manner of FlashAttention (Dao 2023): a work item keeps a tile of queries and walks
// over blocks of keys and values with a running softmax; the queries that share a key/value head (GQA) lie in
// one tile. With few queries the context is split over cores and the partial results are combined
// (FlashDecoding). Sequences of unlike lengths are one launch. A library has one kernel for them, chosen for
// their mean; a free hand cuts each as if all were like it.

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <set>

#include "sim/mapping/attention_kernel.h"
#include "sim/mapping/candidate_list.h"
#include "sim/mapping/kernel_estimate.h"
#include "sim/mapping/operator_mapping.h"
#include "sim/mapping/padded_values.h"
#include "sim/timing/matrix_timing.h"

namespace orrery {
namespace {

// The sequences of one launch.
using Sequences = std::vector<AttendedSequences>;

// Those that are alike as one.
Sequences merged(const Sequences& sequences) {
  Sequences groups;
  std::map<std::pair<std::uint64_t, std::uint64_t>, std::size_t> index;
  for (const AttendedSequences& s : sequences) {
    const auto [at, fresh] = index.emplace(std::pair(s.q, s.kv), groups.size());
    if (fresh) {
      groups.push_back(s);
    } else {
      groups[at->second].batch += s.batch;
    }
  }
  return groups;
}

// Alike ones with as many queries, and as many pairs of a query and a cached position, on about the whole.
AttendedSequences mean_of(const Sequences& sequences) {
  if (sequences.size() == 1) return sequences.front();
  double queries = 0;  // of all sequences; and the means, a query counting as much as another
  double mean_q = 0;
  double mean_kv = 0;
  for (const auto& [batch, q, kv] : sequences) {
    const double weight = static_cast<double>(batch) * static_cast<double>(q);
    queries += weight;
    mean_q += weight * static_cast<double>(q);
    mean_kv += weight * static_cast<double>(kv);
  }
  const auto whole = [](double x) { return std::max<std::uint64_t>(1, std::llround(x)); };
  const std::uint64_t q = whole(mean_q / queries);
  return {whole(queries / static_cast<double>(q)), q, std::max(q, whole(mean_kv / queries))};
}

// Attention of the sequences of one launch, on a machine.
class AttentionMapper {
 public:
  AttentionMapper(const ArchSpec& arch, const Operator& op, const TileRequest& request,
                  const Sequences& sequences)
      : arch_(arch),
        op_(op),
        shape_(std::get<AttentionShape>(op.shape)),
        request_(request),
        sequences_(merged(sequences)),
        backward_(std::get<AttentionFamily>(operator_row(op.kind).family).backward),
        shipped_(arch.execution.library && !request.any()),
        decodes_(std::all_of(sequences_.begin(), sequences_.end(),
                             [](const AttendedSequences& s) { return s.q == 1; })),
        manner_(attention_manner(arch, op)),
        latent_(shipped_ && decodes_ && op.kind == OperatorKind::mla && manner_.latent ? &*manner_.latent
                                                                                       : nullptr),
        estimate_(arch),
        mean_(untiled(mean_of(sequences_))),
        widest_(mean_) {
    for (const AttendedSequences& s : sequences_) {
      rows_ += s.batch * s.q * shape_.heads;
      const TileKernel each = untiled(s);
      widest_.m = std::max(widest_.m, each.m);
      widest_.k = std::max(widest_.k, each.k);
    }
  }

  // The best `most` candidates, best first; none where none fits.
  std::vector<Candidate> candidates(std::size_t most, MapObjective objective) const;

 private:
  const ArchSpec& arch_;
  const Operator& op_;
  const AttentionShape& shape_;
  const TileRequest& request_;
  const Sequences sequences_;
  const bool backward_;
  const bool shipped_;  // as a library has it
  const bool decodes_;
  const AttentionKernelSpec manner_;      // the library's, if there is one
  const LatentKernelSpec* const latent_;  // of its own kind; null: as others that decode
  const KernelEstimate estimate_;
  const TileKernel mean_;   // of all
  TileKernel widest_;       // the mean, as long as the longest
  std::uint64_t rows_ = 0;  // of queries, over all heads

  TileKernel untiled(const AttendedSequences& sequences) const {
    AttentionManner manner;
    manner.in_order = arch_.execution.library && !manner_.overlaps;
    // Kernels of prompts read each head's keys for itself; those that decode have the heads that share them
    // in one tile, and so has who ships a kernel for a latent, which is all heads' own (FlashMLA).
    manner.grouped = !shipped_ || decodes_ || values_in_keys(op_.kind);
    manner.narrows = shipped_ && manner_.narrows_queries(decodes_);
    manner.row_a_lane = shipped_ && manner_.row_a_lane;
    manner.predictor = predictor_of(arch_, op_);
    return untiled_attention(op_, sequences, manner);
  }
  // Rows of a decoding block's tile, whatever it holds; 0: its queries are columns.
  std::uint64_t rows_computed() const { return op_.kind == OperatorKind::mla ? 0 : manner_.decoding_rows; }
  std::vector<std::uint64_t> query_tiles(const TileKernel& kernel) const;
  std::vector<std::uint64_t> block_sizes(const TileKernel& kernel) const;
  std::vector<std::uint32_t> splits_of(const TileKernel& kernel) const;
  bool may_split(const TileKernel& kernel, std::uint32_t split) const;
  TileKernel cut(TileKernel kernel, std::uint64_t query_tile, std::uint64_t block, std::uint32_t split) const;
  bool lay_out_for_all(TileKernel& kernel) const;
  TileKernel as_if_all(const AttendedSequences& sequences, const TileKernel& chosen) const;
  KernelLaunch launch_of(const TileKernel& chosen, bool each_its_own) const;
  TileKernel reduction(std::uint32_t splits) const;
};

// Ways to divide a context over cores.
constexpr std::uint32_t kSplits[] = {1, 2, 3, 4, 6, 8, 12, 16, 24, 32, 48, 64};

// FlashAttention-2 keeps 128 queries (fewer where they do not fit) ...
std::vector<std::uint64_t> AttentionMapper::query_tiles(const TileKernel& kernel) const {
  if (request_.m != 0) return {std::min(request_.m, kernel.m)};
  if (!shipped_) return tile_sizes(kernel.m, 16, 1024);
  if (latent_ != nullptr) return {std::min<std::uint64_t>(latent_->heads, kernel.m)};
  constexpr std::uint64_t kDecodingTile = 64;
  constexpr std::uint64_t kLibraryTile = 128;
  const std::uint64_t computed = decodes_ ? rows_computed() : 0;
  const std::uint64_t least = computed > 0 ? std::min<std::uint64_t>(16, computed) : 16;
  std::vector<std::uint64_t> sizes;
  for (std::uint64_t tile = computed > 0 ? computed
                            : decodes_   ? kDecodingTile
                                         : kLibraryTile;
       tile >= least; tile /= 2)
    sizes.push_back(
        computed > 0 ? tile : std::min(tile, decodes_ ? kernel.m : round_up<std::uint64_t>(kernel.m, 16)));
  return sizes;
}

// ... and walks over blocks of 64 keys (128 for short heads), or twice as many where it decodes (256 for
// short heads, 64 for long ones).
std::vector<std::uint64_t> AttentionMapper::block_sizes(const TileKernel& kernel) const {
  if (request_.k != 0) return {std::min(request_.k, kernel.k)};
  if (!shipped_) return tile_sizes(kernel.k, 64, 4096);
  if (latent_ != nullptr) return {latent_->positions};
  std::uint64_t block = shape_.head_dim > 64 ? 64 : 128;
  if (decodes_) block = shape_.head_dim > 128 ? 64 : 2 * block;
  std::vector<std::uint64_t> sizes;
  for (; block >= 16; block /= 2) sizes.push_back(block);
  return sizes;
}

std::vector<std::uint32_t> AttentionMapper::splits_of(const TileKernel& kernel) const {
  if (latent_ != nullptr)
    return {static_cast<std::uint32_t>(std::min<std::uint64_t>(latent_->splits, kernel.k_tiles()))};
  std::vector<std::uint32_t> splits;
  for (const std::uint32_t split : kSplits) {
    // A free hand divides by powers of two.
    if (!shipped_ && (split & (split - 1)) != 0) continue;
    if (!may_split(kernel, split)) break;
    splits.push_back(split);
  }
  return splits;
}

// Whether a context is long enough for so many splits, and the machine idle without.
bool AttentionMapper::may_split(const TileKernel& kernel, std::uint32_t split) const {
  const std::uint64_t plane = kernel.batch * kernel.m_tiles();
  const std::uint64_t cores = arch_.cores.count;
  return split == 1 ||
         (!backward_ && (!shipped_ || manner_.splits_lone_heads || shape_.heads > shape_.kv_heads) &&
          split <= kernel.k_tiles() && plane * split <= 8 * cores && plane < 2 * cores &&
          !(kernel.mask.causal && kernel.m > kernel.mask.rows_per_position));
}

TileKernel AttentionMapper::cut(TileKernel kernel, std::uint64_t query_tile, std::uint64_t block,
                                std::uint32_t split) const {
  kernel.tile_m = query_tile;
  kernel.tile_k = block;
  fetch_kept(kernel);
  kernel.whole_stages = shipped_;
  kernel.padded = shipped_ && (!decodes_ || rows_computed() > 0);
  if (shipped_ && decodes_ && rows_computed() == 0) swap_operands(kernel);
  kernel.split_k = split;
  if (shipped_) kernel.prologue_ns = arch_.execution.library->prologue_ns;
  if (latent_ != nullptr) kernel.stage_chain_cycles = Cycles{latent_->chain_cycles};
  if (backward_)
    kernel.outputs[1].rows =
        fixed_length(ceil_div<std::uint64_t>(kernel.k, kernel.m_tiles() * kernel.inputs[1].batch_divisor));
  if (split > 1) {
    kernel.outputs[0].by_split = true;
    kernel.outputs[0].bits = kPartialSum;
    KernelOperand statistics = kernel.outputs[0];  // a split's running maximum and sum
    statistics.tensor = TensorId{kFirstTemporary + 1};
    statistics.cols = fixed_length(2);
    kernel.outputs.push_back(statistics);
  }
  // A result's sums beside a block's scores; backward, those of the weights too.
  kernel.accumulator_bytes = Bytes{
      query_tile * ((backward_ ? shape_.head_dim : shape_.value_length()) + (backward_ ? 2 : 1) * block) * 4};
  complete_kernel(arch_, kernel);
  return kernel;
}

// Buffers for the tiles of whichever sequences have the largest.
bool AttentionMapper::lay_out_for_all(TileKernel& kernel) const {
  TileKernel widest = kernel;
  widest.m = widest_.m;
  widest.k = widest_.k;
  complete_kernel(arch_, widest);
  if (!lay_out(arch_, widest)) return false;
  if (shipped_) {
    widest.resident_items = std::min(widest.resident_items, latent_ != nullptr ? 1
                                                            : decodes_ ? manner_.decoding_blocks_per_core
                                                                       : manner_.blocks_per_core);
    if (decodes_) widest.pipeline_stages = std::min(widest.pipeline_stages, manner_.decoding_buffers);
  }
  kernel.resident_items = widest.resident_items;
  kernel.pipeline_stages = widest.pipeline_stages;
  return true;
}

// How these sequences would be cut if all the work were of their kind, with the splits that were chosen.
TileKernel AttentionMapper::as_if_all(const AttendedSequences& sequences, const TileKernel& chosen) const {
  const auto work = [](const TileKernel& k) {
    return static_cast<double>(k.batch) * static_cast<double>(k.m) * static_cast<double>(k.k);
  };
  TileKernel base = untiled(sequences);
  const double times = work(mean_) / work(base);
  base.batch = std::max<std::uint64_t>(1, std::llround(times * static_cast<double>(base.batch)));
  TileKernel best = cut(base, chosen.tile_m, chosen.tile_k, chosen.split_k);
  best.matrix_steps = chosen.matrix_steps;
  best.resident_items = chosen.resident_items;
  best.pipeline_stages = chosen.pipeline_stages;
  double least = std::numeric_limits<double>::infinity();
  for (const std::uint64_t query_tile : query_tiles(base)) {
    for (const std::uint64_t block : block_sizes(base)) {
      TileKernel kernel = cut(base, query_tile, block, chosen.split_k);
      kernel.cores_used = cores_for(arch_, kernel.items());
      for (const Dataflow dataflow : dataflows(arch_.cores.matrix)) {
        for (MatrixStep& step : kernel.matrix_steps) step.dataflow = dataflow;
        // All of a launch have the buffers of the one with the fewest.
        if (!lay_out(arch_, kernel) || kernel.resident_items < chosen.resident_items) continue;
        const double seconds = estimate_.seconds(kernel);
        if (seconds >= least) continue;
        least = seconds;
        best = kernel;
      }
    }
  }
  return best;
}

// What was chosen for the mean, or for `each_its_own`, with buffers that all have.
KernelLaunch AttentionMapper::launch_of(const TileKernel& chosen, bool each_its_own) const {
  std::vector<TileKernel> kernels;
  std::uint64_t items = 0;
  std::uint32_t resident = chosen.resident_items;
  std::uint32_t stages = chosen.pipeline_stages;
  for (const AttendedSequences& sequences : sequences_) {
    const TileKernel like = each_its_own ? as_if_all(sequences, chosen) : chosen;
    resident = std::min(resident, like.resident_items);
    stages = std::min(stages, like.pipeline_stages);
    TileKernel kernel = cut(untiled(sequences), like.tile_m, like.tile_k, chosen.split_k);
    for (MatrixStep& step : kernel.matrix_steps) step.dataflow = like.matrix_steps[0].dataflow;
    if (chosen.split_k > 1) kernel.outputs[0].tensor = TensorId{kFirstTemporary};
    items += kernel.items();
    kernels.push_back(std::move(kernel));
  }
  for (TileKernel& kernel : kernels) {
    kernel.cores_used = cores_for(arch_, items);
    kernel.resident_items = resident;
    kernel.pipeline_stages = stages;
  }
  return KernelLaunch(std::move(kernels));
}

// Combines the splits' partial results by their running maxima and sums.
TileKernel AttentionMapper::reduction(std::uint32_t splits) const {
  const TensorId result{static_cast<std::uint32_t>(op_.inputs.size())};
  TileKernel sum = reduction_kernel(arch_, TensorId{kFirstTemporary}, result, rows_, shape_.value_length(),
                                    splits, op_.outputs[0].format.bits);
  KernelOperand statistics = sum.inputs[0];
  statistics.tensor = TensorId{kFirstTemporary + 1};
  statistics.by_n = false;
  statistics.cols = fixed_length(2);
  statistics.tensor_bytes = Bytes{rows_ * 2 * 4 * splits};
  sum.inputs.push_back(statistics);
  sum.vector_steps.push_back({kSoftmaxCost, tile_of(LoopDim::m), fixed_length(splits)});
  complete_kernel(arch_, sum);
  lay_out(arch_, sum);
  return sum;
}

std::vector<Candidate> AttentionMapper::candidates(std::size_t most, MapObjective objective) const {
  CandidateList list(estimate_, most, objective);
  for (const std::uint64_t query_tile : query_tiles(widest_)) {
    for (const std::uint64_t block : block_sizes(widest_)) {
      if (shipped_ && !list.empty()) break;  // the first that fits
      for (const std::uint32_t split : splits_of(cut(mean_, query_tile, block, 1))) {
        TileKernel kernel = cut(mean_, query_tile, block, split);
        kernel.cores_used = cores_for(arch_, kernel.items());
        for (const Dataflow dataflow : dataflows(arch_.cores.matrix)) {
          for (MatrixStep& step : kernel.matrix_steps) step.dataflow = dataflow;
          if (!lay_out_for_all(kernel)) continue;
          double seconds = estimate_.seconds(kernel);
          if (split > 1) seconds += estimate_.seconds(reduction(split));
          list.offer(kernel, seconds);
        }
      }
    }
  }
  std::vector<Candidate> result;
  const auto add = [&](const CandidateList::Entry& entry, bool each_its_own) {
    Candidate candidate;
    candidate.estimate_s = entry.estimate_s;
    candidate.thrifty = entry.thrifty;
    KernelLaunch launch = launch_of(entry.kernel, each_its_own);
    const TileKernel& first = launch.front();
    candidate.description =
        fmt::format("query tile {}, kv block {}{}, split_kv {}, {} cores x {} items x {} buffers",
                    first.tile_m, first.tile_k, each_its_own ? " of the first" : "", first.split_k,
                    first.cores_used, first.resident_items, first.pipeline_stages);
    candidate.program.tasks.push_back({std::move(launch), {}});
    const std::uint32_t splits = entry.kernel.split_k;
    if (splits > 1) candidate.program.tasks.push_back({reduction(splits), {0}});
    result.push_back(std::move(candidate));
  };
  const std::vector<CandidateList::Entry> best = list.best();
  if (!shipped_ && sequences_.size() > 1) {
    std::set<std::pair<std::uint32_t, std::uint32_t>> ways;
    for (const CandidateList::Entry& entry : best) {
      if (ways.insert({entry.kernel.split_k, entry.kernel.resident_items}).second) add(entry, true);
    }
  }
  for (const CandidateList::Entry& entry : best) add(entry, false);
  return result;
}

}  // namespace

std::vector<Candidate> map_attention(const ArchSpec& arch, const Operator& op, std::size_t most,
                                     const TileRequest& request, MapObjective objective) {
  const Sequences sequences = std::get<AttentionShape>(op.shape).groups();
  const auto candidates = [&](const Operator& attends) {
    return AttentionMapper(arch, attends, request, sequences).candidates(most, objective);
  };
  if (request.any() || !pads_values(arch, op)) return candidates(op);
  return with_values_padded(arch, op, candidates(of_padded_values(op)));
}

}  // namespace orrery
