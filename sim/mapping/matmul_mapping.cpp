#include <fmt/format.h>

#include <algorithm>

#include "sim/mapping/candidate_list.h"
#include "sim/mapping/kernel_estimate.h"
#include "sim/mapping/operator_mapping.h"
#include "sim/timing/matrix_timing.h"
#include "sim/workload/operator_counts.h"

namespace orrery {
namespace {

constexpr std::uint32_t kA = 0;
constexpr std::uint32_t kB = 1;

std::uint32_t bits_of(const Operator& op, std::size_t input) {
  return storage_bits(op.inputs.at(input).dtype);
}

// The kernel without its tiling.
TileKernel untiled(const Operator& op) {
  const auto& shape = std::get<MatmulShape>(op.shape);
  TileKernel kernel;
  kernel.batch = shape.batch;
  kernel.m = shape.m;
  kernel.n = shape.n;
  kernel.k = shape.k;
  kernel.useful_macs = operator_macs(op);
  kernel.mac_dtype = op.dtype;
  KernelOperand a;
  a.tensor = TensorId{kA};
  a.by_batch = shape.batch > 1;
  a.by_m = a.by_k = true;
  a.rows = tile_of(LoopDim::m);
  a.cols = tile_of(LoopDim::k);
  a.bits = bits_of(op, 0);
  a.tensor_bytes = op.inputs[0].bytes();
  KernelOperand b = a;
  b.tensor = TensorId{kB};
  b.by_m = false;
  b.by_n = true;
  b.rows = tile_of(LoopDim::k);
  b.cols = tile_of(LoopDim::n);
  b.bits = bits_of(op, 1);
  b.tensor_bytes = op.inputs[1].bytes();
  kernel.inputs = {a, b};
  KernelOperand c;
  c.tensor = TensorId{static_cast<std::uint32_t>(op.inputs.size())};
  c.by_batch = shape.batch > 1;
  c.by_m = c.by_n = true;
  c.rows = tile_of(LoopDim::m);
  c.cols = tile_of(LoopDim::n);
  c.bits = storage_bits(op.outputs.at(0).dtype);
  c.tensor_bytes = op.outputs[0].bytes();
  kernel.outputs = {c};
  MatrixStep step;
  step.m = tile_of(LoopDim::m);
  step.n = tile_of(LoopDim::n);
  step.k = tile_of(LoopDim::k);
  step.dtype = op.dtype;
  step.a_bits = a.bits;
  step.b_bits = b.bits;
  kernel.matrix_steps = {step};
  return kernel;
}

// Tries the tilings of one operator and keeps the best.
class MatmulSearch {
 public:
  MatmulSearch(const ArchSpec& arch, const Operator& op, std::size_t most, const TileRequest& request)
      : arch_(arch), estimate_(arch), base_(untiled(op)), list_(most), request_(request) {}

  const CandidateList& run() {
    const auto ms = sizes(base_.m, smallest_m(), request_.m);
    const auto ns = sizes(base_.n, 16, request_.n);
    const auto ks = sizes(base_.k, 64, request_.k);
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
  KernelEstimate estimate_;
  const TileKernel base_;
  CandidateList list_;
  const TileRequest request_;

  std::uint64_t smallest_m() const {
    const auto* dot = std::get_if<DotProductArraySpec>(&arch_.cores.matrix);
    return dot != nullptr && dot->instruction_m < 16 ? dot->instruction_m : 16;
  }

  static std::vector<std::uint64_t> sizes(std::uint64_t extent, std::uint64_t smallest, std::uint64_t asked) {
    if (asked != 0) return {std::min(asked, extent)};
    return tile_sizes(extent, smallest, 16384);
  }

  void try_tiles(std::uint64_t tm, std::uint64_t tn, std::uint64_t tk) {
    TileKernel kernel = base_;
    kernel.tile_m = tm;
    kernel.tile_n = tn;
    kernel.tile_k = tk;
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
        kernel.inputs[kA].hold = held && raster == RasterOrder::n_fastest;
        kernel.inputs[kB].hold = held && raster == RasterOrder::m_fastest;
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
      kernel.outputs[0].bits = 32;
    else
      kernel.outputs[0].bits = base_.outputs[0].bits;
    kernel.accumulator_bytes =
        kernel.tile_m * kernel.tile_n * 4 * (arch_.cores.prefetch_across_items ? 2 : 1);
    complete_kernel(kernel);
    for (const std::uint32_t cores : core_counts(arch_, kernel)) {
      kernel.cores_used = cores;
      if (lay_out(arch_, kernel)) price(kernel);
    }
  }

  void price(const TileKernel& kernel) {
    double seconds = estimate_.seconds(kernel);
    if (kernel.split_k > 1 && seconds < list_.threshold()) {
      const TileKernel reduction =
          reduction_kernel(arch_, TensorId{kFirstTemporary}, TensorId{2}, kernel.batch * kernel.m, kernel.n,
                           kernel.split_k, base_.outputs[0].bits);
      seconds += estimate_.seconds(reduction);
    }
    list_.offer(kernel, seconds);
  }
};

}  // namespace

std::vector<Candidate> map_matmul(const ArchSpec& arch, const Operator& op, std::size_t most,
                                  const TileRequest& request) {
  MatmulSearch search(arch, op, most, request);
  std::vector<Candidate> result;
  for (const CandidateList::Entry& entry : search.run().best()) {
    TileKernel kernel = entry.kernel;
    Candidate candidate;
    candidate.estimate_s = entry.estimate_s;
    candidate.description =
        fmt::format("tile {}x{}x{}, {}, split_k {}, {} cores x {} items x {} buffers", kernel.tile_m,
                    kernel.tile_n, kernel.tile_k, to_string(kernel.matrix_steps[0].dataflow), kernel.split_k,
                    kernel.cores_used, kernel.resident_items, kernel.pipeline_stages);
    const TensorId result_tensor = kernel.outputs[0].tensor;
    if (kernel.split_k > 1) {
      kernel.outputs[0].tensor = TensorId{kFirstTemporary};
      kernel.outputs[0].tensor_bytes = kernel.batch * kernel.m * kernel.n * 4 * kernel.split_k;
      candidate.program.tasks.push_back({kernel, {}});
      candidate.program.tasks.push_back(
          {reduction_kernel(arch, TensorId{kFirstTemporary}, result_tensor, kernel.batch * kernel.m, kernel.n,
                            kernel.split_k, storage_bits(op.outputs[0].dtype)),
           {0}});
    } else {
      candidate.program.tasks.push_back({kernel, {}});
    }
    result.push_back(std::move(candidate));
  }
  return result;
}

}  // namespace orrery
