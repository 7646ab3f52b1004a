#include "sim/engine/roofline.h"

#include <algorithm>
#include <cmath>
#include <map>

#include "sim/mapping/attention_kernel.h"
#include "sim/mapping/crossbar_mapping.h"
#include "sim/mapping/matmul_kernel.h"
#include "sim/mapping/pim_mapping.h"
#include "sim/timing/predictor_timing.h"
#include "sim/timing/sparse_timing.h"
#include "sim/util/checked.h"
#include "sim/workload/operator_counts.h"

namespace orrery {
namespace {

std::uint64_t on_chip_bytes(const ArchSpec& arch) {
  const std::uint64_t pads =
      std::uint64_t{arch.cores.count} * (arch.cores.scratchpad.size_bytes + arch.cores.accumulator_bytes);
  std::uint64_t shared = 0;
  for (const SramLevelSpec& level : arch.shared_levels) shared += level.size_bytes;
  return pads + shared;
}

RooflineBound collective_bound(const CollectiveFamily& family, const CollectiveShape& shape,
                               const ArchSpec& arch) {
  RooflineBound bound;
  bound.bound = TimeCategory::link;
  if (shape.devices <= 1) return bound;
  // Each device must send (N-1)/N of the array at least once; one that has it all must send it all.
  const bool whole = family.operation == CollectiveOperation::broadcast ||
                     family.operation == CollectiveOperation::send_recv ||
                     family.operation == CollectiveOperation::shift;
  const double share = whole ? 1.0 : static_cast<double>(shape.devices - 1) / shape.devices;
  bound.counts.link_bytes = static_cast<std::uint64_t>(std::ceil(static_cast<double>(shape.bytes) * share));
  // Between nodes the NICs carry less still; the links of the chip itself are bound enough.
  bound.seconds = static_cast<double>(bound.counts.link_bytes) /
                  (arch.node.link.bytes_per_s * arch.node.link.payload_share());
  return bound;
}

struct VectorElements {
  VectorCost cost;      // an element
  double elements = 0;  // 0: no work of the vector unit
};

VectorCost of_states(VectorCost each, const VectorCost& after, std::uint64_t states) {
  each.simple_ops = each.simple_ops * static_cast<double>(states) + after.simple_ops;
  each.transcendental_ops = each.transcendental_ops * static_cast<double>(states) + after.transcendental_ops;
  return each;
}

VectorElements vector_elements(const Operator& op) {
  const OperatorFamily& family = operator_row(op.kind).family;
  if (const auto* vector = std::get_if<VectorFamily>(&family)) {
    const auto& s = std::get<VectorShape>(op.shape);
    return {vector->cost, static_cast<double>(s.rows) * static_cast<double>(s.cols)};
  }
  if (const auto* routing = std::get_if<RoutingFamily>(&family)) {
    const auto& s = std::get<RoutingShape>(op.shape);
    return {routing->cost,
            static_cast<double>(s.tokens) * static_cast<double>(s.experts) * static_cast<double>(s.cols)};
  }
  if (const auto* scan = std::get_if<ScanFamily>(&family)) {
    const auto& s = std::get<ScanShape>(op.shape);
    return {
        of_states(scan->cost, scan->after, s.states),
        static_cast<double>(s.sequences) * static_cast<double>(s.tokens) * static_cast<double>(s.channels)};
  }
  return {};
}

// MACs that must be multiplied for each that is useful: zeros of weights that nothing passes over.
double multiplied_beside(const Operator& op, const ArchSpec& arch) {
  const Sparsity& weights = weight_sparsity(op);
  return multiplied_share(arch.cores.matrix, weights) / weights.share();
}

// Bytes of a tensor that an operator must read: of keys and values its density, where all queries choose the
// same; of what weights in blocks multiply theirs, where each column keeps the same rows.
std::uint64_t least_read(const Operator& op, const ArchSpec& arch, std::size_t input) {
  const Tensor& tensor = op.inputs[input];
  if (input == kMatmulB && weights_in_place(arch, op)) return 0;
  double share = 1;
  if (const auto* attention = std::get_if<AttentionShape>(&op.shape); attention != nullptr) {
    if (tensor.kind == TensorKind::kv && attention->density_ppm)
      share = static_cast<double>(*attention->density_ppm) / kWholeDensity;
    const ScorePredictorSpec* predictor = predictor_of(arch, op);
    if (tensor.kind == TensorKind::kv && predictor != nullptr && predictor->fetches_kept)
      share *= predictor->kept_share;
  } else if (input == 0 && weight_sparsity(op).kind == SparsityKind::blocks) {
    share = weight_sparsity(op).share();
  }
  if (share == 1) return tensor.bytes();
  return static_cast<std::uint64_t>(static_cast<double>(tensor.bytes()) * share);
}

}  // namespace

RooflineBound roofline(const Operator& op, const ArchSpec& arch, bool cold) {
  const OperatorFamily& family = operator_row(op.kind).family;
  if (const auto* collective = std::get_if<CollectiveFamily>(&family))
    return collective_bound(*collective, std::get<CollectiveShape>(op.shape), arch);
  RooflineBound result;
  const ScorePredictorSpec* predictor = predictor_of(arch, op);
  const std::uint64_t macs =
      predictor != nullptr ? kept_macs(*predictor, operator_macs(op)) : operator_macs(op);
  OperatorBytes bytes = operator_bytes(op);
  if (!gathers(op.kind)) {
    bytes.read = 0;
    for (std::size_t i = 0; i < op.inputs.size(); ++i)
      bytes.read = checked_sum(bytes.read, least_read(op, arch, i));
  }
  const std::uint64_t capacity = on_chip_bytes(arch);
  const auto beyond = [capacity](std::uint64_t b) { return b > capacity ? b - capacity : 0; };
  result.counts.dram_read_bytes = cold ? bytes.read : beyond(bytes.read + bytes.written);
  result.counts.dram_write_bytes = cold ? beyond(bytes.written) : 0;
  result.counts.macs[static_cast<std::size_t>(op.dtype)] = macs;
  result.counts.issued_macs = macs * storage_bits(op.dtype) / 16;  // a bound: nothing padded, no zero
  result.counts.kernels = 1;
  const double compute_s =
      macs == 0 ? 0
                : static_cast<double>(macs) * multiplied_beside(op, arch) / arch.peak_macs_per_s(op.dtype);
  result.counts.dram_activates = ceil_div(result.counts.dram_bytes(), arch.dram.device.page_bytes);
  const double dram_s = static_cast<double>(result.counts.dram_bytes()) / arch.dram.peak_bytes_per_s();
  double vector_s = 0;
  if (const auto [cost, elements] = vector_elements(op); elements > 0) {
    result.counts.vector_ops = static_cast<std::uint64_t>(elements * cost.simple_ops);
    result.counts.transcendental_ops = static_cast<std::uint64_t>(elements * cost.transcendental_ops);
    const double rate = arch.clock_hz * arch.cores.count;
    vector_s = std::max(elements * cost.simple_ops / (rate * arch.cores.vector.lanes),
                        elements * cost.transcendental_ops / (rate * arch.cores.vector.transcendental_lanes));
  }
  result.seconds = std::max({compute_s, dram_s, vector_s});
  if (const auto product = pim_product(op, arch.dram)) {
    const double in_memory_s = pim_bound_s(arch.dram, *product);
    if (in_memory_s < result.seconds) {
      result.counts = {};
      result.counts.pim_macs = macs;
      result.counts.pim_array_bytes = op.inputs[kMatmulB].bytes();
      result.counts.dram_activates = ceil_div(result.counts.pim_array_bytes, arch.dram.device.page_bytes);
      result.counts.kernels = 1;
      result.seconds = in_memory_s;
      result.bound = TimeCategory::compute;
      return result;
    }
  }
  result.bound = result.seconds == compute_s ? TimeCategory::compute
                 : result.seconds == dram_s  ? TimeCategory::dram
                                             : TimeCategory::vector;
  return result;
}

RooflineBound roofline_of_weights(const OperatorGraph& graph, const ArchSpec& arch) {
  std::map<TensorName, std::uint64_t> bytes;  // of each tensor; the largest view of it
  for (const Operator& op : graph.operators) {
    if (gathers(op.kind)) continue;  // reads a few rows only
    const bool in_place = pim_product(op, arch.dram).has_value();
    for (std::size_t i = 0; i < op.inputs.size(); ++i) {
      const Tensor& t = op.inputs[i];
      if (t.kind == TensorKind::activation || (in_place && i == kMatmulB)) continue;
      std::uint64_t& seen = bytes[t.id];
      seen = std::max(seen, least_read(op, arch, i));
    }
  }
  std::uint64_t total = 0;
  for (const auto& [id, b] : bytes) total += b;
  const std::uint64_t capacity = on_chip_bytes(arch);
  RooflineBound result;
  result.bound = TimeCategory::dram;
  result.counts.dram_read_bytes = total > capacity ? total - capacity : 0;
  result.seconds = static_cast<double>(result.counts.dram_read_bytes) / arch.dram.peak_bytes_per_s();
  return result;
}

double peak_in_memory_macs_per_s(const Operator& op, const ArchSpec& arch) {
  const auto product = pim_product(op, arch.dram);
  return product ? static_cast<double>(operator_macs(op)) / pim_bound_s(arch.dram, *product) : 0;
}

}  // namespace orrery
