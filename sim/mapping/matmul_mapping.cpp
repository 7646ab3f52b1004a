#include <algorithm>

#include "sim/mapping/candidate_list.h"
#include "sim/mapping/kernel_estimate.h"
#include "sim/mapping/matmul_kernel.h"
#include "sim/mapping/operator_mapping.h"
#include "sim/timing/matrix_timing.h"

namespace orrery {
namespace {

// Tries the tilings of one operator and keeps the best.
class MatmulSearch {
 public:
  MatmulSearch(const ArchSpec& arch, const Operator& op, std::size_t most, const TileRequest& request,
               MapObjective objective)
      : arch_(arch),
        op_(op),
        estimate_(arch),
        base_(untiled_matmul(arch, op)),
        list_(estimate_, most, objective),
        request_(request) {}

  const CandidateList& run() {
    const auto ms = sizes(base_.m, smallest_m(), request_.m, true);
    const Sparsity& sparsity = weight_sparsity(op_);
    const auto ns =
        with_block(sizes(base_.n, 16, request_.n, true), request_.n == 0 ? sparsity.block_cols : 0, base_.n);
    const auto ks =
        with_block(sizes(base_.k, 64, request_.k, false), request_.k == 0 ? sparsity.block_rows : 0, base_.k);
    for (const std::uint64_t tm : ms) {
      for (const std::uint64_t tn : ns) {
        if (arch_.cores.accumulator_bytes > 0 && tm * tn * 4 > arch_.cores.accumulator_bytes) continue;
        for (const std::uint64_t tk : ks) try_tiles(tm, tn, tk);
      }
    }
    return list_;
  }

 private:
  const ArchSpec& arch_;
  const Operator& op_;
  KernelEstimate estimate_;
  const TileKernel base_;
  CandidateList list_;
  const TileRequest request_;

  std::uint64_t smallest_m() const {
    const auto* dot = std::get_if<DotProductArraySpec>(&arch_.cores.matrix);
    return dot != nullptr && dot->instruction_m < 16 ? dot->instruction_m : 16;
  }

  std::vector<std::uint64_t> sizes(std::uint64_t extent, std::uint64_t smallest, std::uint64_t asked,
                                   bool balanced) const {
    constexpr std::uint64_t kLargest = 16384;
    // All cells that hold weights in place work at once: a product may be one tile.
    const std::uint64_t largest = base_.matrix_steps[0].in_place ? std::max(kLargest, extent) : kLargest;
    if (asked != 0) return {std::min(asked, extent)};
    return balanced ? balanced_tile_sizes(extent, smallest, largest, smallest)
                    : tile_sizes(extent, smallest, largest);
  }

  void try_tiles(std::uint64_t tm, std::uint64_t tn, std::uint64_t tk) {
    TileKernel kernel = base_;
    kernel.tile_m = tm;
    kernel.tile_n = tn;
    kernel.tile_k = tk;
    cut_blocks(op_, kernel, base_);
    const std::uint64_t plane = kernel.batch * kernel.m_tiles() * kernel.n_tiles();
    constexpr std::uint64_t kMostEntries = 1U << 26;  // shared-buffer entries are indexed by 32 bits
    if (plane * kernel.k_tiles() > kMostEntries) return;
    const bool held = arch_.cores.prefetch_across_items && kernel.k_tiles() == 1;
    std::uint32_t split = 1;
    while (true) {
      kernel.split_k = split;
      for (const RasterOrder raster :
           {RasterOrder::n_fastest, RasterOrder::m_fastest, RasterOrder::grouped}) {
        if (raster == RasterOrder::grouped && (held || kernel.m_tiles() <= kernel.raster_group)) continue;
        if (raster == RasterOrder::m_fastest && (kernel.m_tiles() == 1 || kernel.n_tiles() == 1)) continue;
        kernel.raster = raster;
        kernel.inputs[kMatmulA].hold = held && raster == RasterOrder::n_fastest;
        kernel.inputs[kMatmulB].hold = held && raster == RasterOrder::m_fastest;
        for (const Dataflow dataflow : dataflows(arch_.cores.matrix)) {
          kernel.matrix_steps[0].dataflow = dataflow;
          offer(kernel);
        }
      }
      split *= 2;
      // Splitting k pays while cores would idle, and only as far as k tiles last.
      if (split > kernel.k_tiles() || plane * split > 2 * std::uint64_t{arch_.cores.count} * 4 || split > 64)
        break;
      if (plane >= 2 * std::uint64_t{arch_.cores.count}) break;
    }
  }

  void offer(TileKernel& kernel) {
    kernel.outputs[0].by_split = kernel.split_k > 1;
    if (kernel.split_k > 1)
      kernel.outputs[0].bits = kPartialSum;
    else
      kernel.outputs[0].bits = base_.outputs[0].bits;
    kernel.accumulator_bytes =
        Bytes{kernel.tile_m * kernel.tile_n * 4 * (arch_.cores.prefetch_across_items ? 2 : 1)};
    complete_kernel(arch_, kernel);
    for (const std::uint32_t cores : core_counts(arch_, kernel)) {
      kernel.cores_used = cores;
      if (lay_out(arch_, kernel)) price(kernel);
    }
  }

  void price(const TileKernel& kernel) {
    double seconds = estimate_.seconds(kernel);
    if (kernel.split_k > 1 && seconds < list_.threshold())
      seconds += estimate_.seconds(split_reduction(arch_, kernel, base_));
    list_.offer(kernel, seconds);
  }
};

}  // namespace

std::vector<Candidate> map_matmul(const ArchSpec& arch, const Operator& op, std::size_t most,
                                  const TileRequest& request, MapObjective objective) {
  if (arch.execution.library && !request.any()) return map_library_matmul(arch, op, most);
  const TileKernel base = untiled_matmul(arch, op);
  MatmulSearch search(arch, op, most, request, objective);
  std::vector<Candidate> result;
  for (const CandidateList::Entry& entry : search.run().best())
    result.push_back(matmul_candidate(arch, entry, base));
  return result;
}

}  // namespace orrery
