#include <fmt/format.h>

#include <algorithm>

#include "sim/mapping/candidate_list.h"
#include "sim/mapping/kernel_estimate.h"
#include "sim/mapping/operator_mapping.h"

namespace orrery {
namespace {

TileKernel untiled(const Operator& op, const VectorFamily& family) {
  const auto& s = std::get<VectorShape>(op.shape);
  TileKernel kernel;
  kernel.m = s.rows;
  kernel.n = s.cols;
  const std::uint64_t elements = s.rows * s.cols;
  for (std::size_t i = 0; i < op.inputs.size(); ++i) {
    const Tensor& t = op.inputs[i];
    KernelOperand operand;
    operand.tensor = TensorId{static_cast<std::uint32_t>(i)};
    operand.tensor_bytes = Bytes{t.bytes()};
    const bool gathered = family.gathers;
    if (t.kind == TensorKind::weight && !gathered) {  // gain and bias of a norm: whole, once an item
      operand.rows = fixed_length(1);
      operand.cols = fixed_length(t.elements());
      operand.bits = t.format.bits;
      operand.once = true;
    } else {
      operand.by_m = operand.by_n = true;
      operand.rows = tile_of(LoopDim::m);
      operand.cols = tile_of(LoopDim::n);
      // silu_mul reads two elements for each it writes.
      operand.bits = gathered ? t.format.bits : t.format.bits.spread(t.elements(), elements);
      operand.irregular = gathered;
      if (gathered) operand.tensor_bytes = Bytes{t.format.bytes(elements)};
    }
    kernel.inputs.push_back(operand);
  }
  for (std::size_t i = 0; i < op.outputs.size(); ++i) {
    KernelOperand operand;
    operand.tensor = TensorId{static_cast<std::uint32_t>(op.inputs.size() + i)};
    operand.by_m = operand.by_n = true;
    operand.rows = tile_of(LoopDim::m);
    operand.cols = tile_of(LoopDim::n);
    operand.bits = op.outputs[i].format.bits.spread(op.outputs[i].elements(), elements);
    operand.tensor_bytes = Bytes{op.outputs[i].bytes()};
    kernel.outputs.push_back(operand);
  }
  kernel.vector_steps = {{family.cost, tile_of(LoopDim::m), tile_of(LoopDim::n)}};
  return kernel;
}

// A token's row beside its copies: `experts` times as wide in the file that holds them, or a part of it where
// not every token has a copy here.
TileKernel untiled(const Operator& op, const RoutingFamily& family) {
  const auto& s = std::get<RoutingShape>(op.shape);
  TileKernel kernel;
  kernel.m = s.tokens;
  kernel.n = s.cols;
  const auto copies = static_cast<std::uint32_t>(s.experts);
  const auto operand = [&s](TensorId id, const Tensor& tensor) {
    KernelOperand o;
    o.tensor = id;
    o.by_m = o.by_n = true;
    o.rows = tile_of(LoopDim::m);
    o.cols = tile_of(LoopDim::n);
    o.bits = tensor.format.bits.spread(tensor.elements(), s.tokens * s.cols);
    o.tensor_bytes = Bytes{tensor.bytes()};
    return o;
  };
  kernel.inputs = {operand(TensorId{0}, op.inputs[0])};
  kernel.outputs = {operand(TensorId{1}, op.outputs[0])};
  VectorCost cost = family.cost;
  cost.simple_ops *= static_cast<double>(copies);
  cost.instructions *= copies;
  kernel.vector_steps = {{cost, tile_of(LoopDim::m), tile_of(LoopDim::n)}};
  return kernel;
}

// A token's row in each channel, with its part of the states that its sequence reads and leaves.
TileKernel untiled(const Operator& op, const ScanFamily& family) {
  const auto& s = std::get<ScanShape>(op.shape);
  TileKernel kernel;
  kernel.m = s.sequences * s.tokens;
  kernel.n = s.channels;
  const auto operand = [](std::size_t id, const Tensor& tensor, ElementBits bits) {
    KernelOperand o;
    o.tensor = TensorId{static_cast<std::uint32_t>(id)};
    o.by_m = o.by_n = true;
    o.rows = tile_of(LoopDim::m);
    o.cols = tile_of(LoopDim::n);
    o.bits = bits;
    o.tensor_bytes = Bytes{tensor.bytes()};
    return o;
  };
  const auto state = [&](std::size_t id, const Tensor& tensor) {
    return operand(id, tensor, tensor.format.bits.spread(s.states, s.tokens));
  };
  const std::size_t results = op.inputs.size();
  kernel.inputs = {operand(0, op.inputs[0], op.inputs[0].format.bits), state(1, op.inputs[1])};
  if (family.weights) {
    KernelOperand taps = operand(2, op.inputs[2], op.inputs[2].format.bits);
    taps.by_m = false;
    taps.rows = fixed_length(s.states);
    taps.once = true;
    kernel.inputs.push_back(taps);
  }
  kernel.outputs = {operand(results, op.outputs[0], op.outputs[0].format.bits),
                    state(results + 1, op.outputs[1])};
  VectorCost each = family.cost;
  each.simple_ops *= static_cast<double>(s.states);
  each.transcendental_ops *= static_cast<double>(s.states);
  each.instructions *= static_cast<std::uint32_t>(s.states);
  kernel.vector_steps = {{each, tile_of(LoopDim::m), tile_of(LoopDim::n)},
                         {family.after, tile_of(LoopDim::m), tile_of(LoopDim::n)}};
  return kernel;
}

void offer_tile(const ArchSpec& arch, const KernelEstimate& estimate, TileKernel& kernel,
                CandidateList& list) {
  complete_kernel(arch, kernel);
  for (const std::uint32_t cores : core_counts(arch, kernel)) {
    kernel.cores_used = cores;
    if (lay_out(arch, kernel)) list.offer(kernel, estimate.seconds(kernel));
  }
}

}  // namespace

TileKernel reduction_kernel(const ArchSpec& arch, TensorId partials, TensorId result, std::uint64_t rows,
                            std::uint64_t cols, std::uint32_t splits, ElementBits result_bits) {
  TileKernel kernel;
  kernel.m = rows;
  kernel.n = cols;
  KernelOperand in;
  in.tensor = partials;
  in.by_m = in.by_n = true;
  in.rows = tile_of(LoopDim::m);
  in.cols = tile_of(LoopDim::n);
  in.bits = kPartialSum * splits;
  in.tensor_bytes = Bytes{rows * cols * 4 * splits};
  KernelOperand out = in;
  out.tensor = result;
  out.bits = result_bits;
  out.tensor_bytes = Bytes{result_bits.bytes(rows * cols)};
  kernel.inputs = {in};
  kernel.outputs = {out};
  kernel.vector_steps.assign(splits, {kAddCost, tile_of(LoopDim::m), tile_of(LoopDim::n)});
  // Enough pieces for every core, each small enough to be double-buffered.
  kernel.tile_m = std::max<std::uint64_t>(1, rows / (2 * std::uint64_t{arch.cores.count}));
  kernel.tile_n = cols;
  const std::uint64_t pieces = std::max<std::uint64_t>(1, arch.cores.count / rows);
  kernel.tile_n = ceil_div(cols, std::min(pieces, ceil_div<std::uint64_t>(cols, 64)));
  while ((in.bits + result_bits).bytes(kernel.tile_m * kernel.tile_n) >
             arch.cores.scratchpad.size_bytes / 4 &&
         kernel.tile_m * kernel.tile_n > 64) {
    if (kernel.tile_m > 1) {
      kernel.tile_m = ceil_div<std::uint64_t>(kernel.tile_m, 2);
    } else {
      kernel.tile_n = ceil_div<std::uint64_t>(kernel.tile_n, 2);
    }
  }
  complete_kernel(arch, kernel);
  kernel.cores_used = cores_for(arch, kernel.items());
  lay_out(arch, kernel);
  return kernel;
}

void complete_kernel(const ArchSpec& arch, TileKernel& kernel) {
  const WorkItem first;
  kernel.stage_bytes = {};
  kernel.held_bytes = {};
  // A matrix instruction covers a tile, a vector instruction some rows, a DMA instruction one tile.
  const auto vector_instructions = [&](const std::vector<VectorStep>& steps) {
    std::uint64_t sum = 0;
    for (const VectorStep& step : steps) {
      sum += step.cost.instructions *
             ceil_div<std::uint64_t>(length_at(kernel, step.rows, first, 0), arch.command.instruction_rows);
    }
    return sum;
  };
  kernel.instructions_per_stage = kernel.matrix_steps.size() + vector_instructions(kernel.vector_steps);
  kernel.instructions_per_item = vector_instructions(kernel.epilogue) + kernel.outputs.size();
  for (const KernelOperand& operand : kernel.inputs) {
    const Bytes bytes = on_chip_bytes(kernel, operand);
    if (operand.hold) {
      kernel.held_bytes += 2 * bytes;  // the next one loads beside it
    } else if (operand.once) {
      kernel.held_bytes += bytes;
      ++kernel.instructions_per_item;
    } else {
      kernel.stage_bytes += bytes;
      ++kernel.instructions_per_stage;
    }
  }
  if (kernel.matrix_steps.empty()) {  // results wait in the buffer of their stage
    for (const KernelOperand& operand : kernel.outputs)
      kernel.stage_bytes += operand_bytes(kernel, operand, first, 0);
  }
}

std::uint32_t cores_for(const ArchSpec& arch, std::uint64_t items) {
  return static_cast<std::uint32_t>(std::min<std::uint64_t>(arch.cores.count, items));
}

std::vector<std::uint32_t> core_counts(const ArchSpec& arch, const TileKernel& kernel) {
  const std::uint32_t all = cores_for(arch, kernel.items());
  constexpr std::uint32_t kFewCores = 4;
  std::vector<std::uint32_t> counts = {all};
  if (all <= kFewCores) {
    for (std::uint32_t c = all - 1; c >= 1; --c) counts.push_back(c);
    return counts;
  }
  const std::uint64_t rounds = ceil_div<std::uint64_t>(kernel.items(), all);
  const auto fewest = static_cast<std::uint32_t>(ceil_div<std::uint64_t>(kernel.items(), rounds));
  if (fewest < all) counts.push_back(fewest);
  return counts;
}

bool lay_out(const ArchSpec& arch, TileKernel& kernel, const LayoutLimits& most) {
  const CoreSpec& core = arch.cores;
  const bool dedicated = core.accumulator_bytes > 0;
  auto items_a_core = static_cast<std::uint32_t>(std::min<std::uint64_t>(
      core.max_resident_items, ceil_div<std::uint64_t>(kernel.items(), kernel.cores_used)));
  if (most.items > 0) items_a_core = std::min(items_a_core, most.items);
  const std::uint64_t stages =
      std::max<std::uint64_t>(1, ceil_div<std::uint64_t>(kernel.k_tiles(), kernel.split_k));
  const bool across = core.prefetch_across_items;
  const std::uint32_t least = stages == 1 && !across ? 1 : 2;
  auto most_stages = static_cast<std::uint32_t>(
      across ? core.max_pipeline_stages
             : std::min<std::uint64_t>(core.max_pipeline_stages, std::max<std::uint64_t>(least, stages)));
  if (most.buffers > 0) most_stages = std::max(least, std::min(most_stages, most.buffers));
  const Bytes fixed = kernel.held_bytes + (dedicated ? Bytes{} : kernel.accumulator_bytes);
  for (std::uint32_t resident = items_a_core; resident >= 1; --resident) {
    if (dedicated && kernel.accumulator_bytes * resident > Bytes{core.accumulator_bytes}) continue;
    const Bytes room{core.scratchpad.size_bytes / resident};
    if (room < fixed + kernel.stage_bytes * least) continue;
    // Fewer items with a deeper pipeline beat many with too few buffers to hide a load.
    const std::uint64_t buffers = (room - fixed) / std::max(kernel.stage_bytes, Bytes{1});
    if (resident > 1 && stages > 2 && buffers < 3) continue;
    kernel.resident_items = resident;
    kernel.pipeline_stages = static_cast<std::uint32_t>(std::min<std::uint64_t>(buffers, most_stages));
    return true;
  }
  return false;
}

namespace {

// A kernel as the library ships it: a block of threads walks over its row in steps; a block's next loads
// follow the step before, and the core issues the steps of its resident blocks in turn.
Candidate library_kernel(const ArchSpec& arch, const Operator& op, const VectorFamily& family,
                         const VectorKernelSpec& spec) {
  const auto& s = std::get<VectorShape>(op.shape);
  TileKernel kernel = untiled(op, family);
  const std::uint64_t element = std::max<std::uint64_t>(1, storage_bits(op.inputs.front().format.dtype) / 8);
  const std::uint64_t step =
      std::max<std::uint64_t>(1, std::uint64_t{spec.threads} * spec.load_bytes * spec.unroll / element);
  // Short rows have a smaller block each, more of which a core holds: as if so many shared a full one, once
  // there are more rows than blocks.
  constexpr std::uint64_t kMostRowsABlock = 8;
  const std::uint64_t rows_each =
      ceil_div<std::uint64_t>(s.rows, std::uint64_t{arch.cores.count} * spec.blocks_per_core);
  kernel.tile_m = std::min(rows_each, std::clamp<std::uint64_t>(step / s.cols, 1, kMostRowsABlock));
  kernel.n = 1;
  kernel.k = s.cols;
  kernel.tile_k = std::min(step, s.cols);
  for (KernelOperand& operand : kernel.inputs) {
    // Gains and biases are read step by step too, from the cache.
    if (operand.once) operand.rows = fixed_length(std::max<std::uint64_t>(1, operand.cols.value / s.cols));
    operand.once = operand.by_n = false;
    operand.by_k = true;
    operand.cols = tile_of(LoopDim::k);
  }
  for (KernelOperand& operand : kernel.outputs) {
    operand.by_n = false;
    operand.cols = fixed_length(s.cols);
  }
  kernel.vector_steps = {{family.cost, tile_of(LoopDim::m), tile_of(LoopDim::k)}};
  // A row shorter than a step issues for as much less.
  kernel.stage_vector_cycles =
      Cycles{std::uint64_t{spec.step_cycles} * spec.passes * kernel.tile_m * kernel.tile_k / step};
  kernel.stage_chain_cycles = Cycles{spec.chain_cycles};
  complete_kernel(arch, kernel);
  // Results leave the registers step by step; no buffer holds the row.
  for (const KernelOperand& operand : kernel.outputs)
    kernel.stage_bytes -= operand_bytes(kernel, operand, WorkItem{}, 0);
  kernel.cores_used = cores_for(arch, kernel.items());
  kernel.resident_items = std::min(spec.blocks_per_core, arch.cores.max_resident_items);
  kernel.pipeline_stages = 1;
  Candidate candidate;
  candidate.estimate_s = KernelEstimate(arch).seconds(kernel);
  candidate.description =
      fmt::format("library kernel: {} threads x {} B, {} pass{}, {} row{} a core", spec.threads,
                  spec.load_bytes * spec.unroll, spec.passes, spec.passes == 1 ? "" : "es",
                  kernel.resident_items, kernel.resident_items == 1 ? "" : "s");
  candidate.program.tasks.push_back({kernel, {}});
  return candidate;
}

// Cuts a kernel of rows and columns, whole rows or pieces of them.
std::vector<Candidate> tilings(const ArchSpec& arch, TileKernel kernel, bool whole_rows, std::size_t most,
                               MapObjective objective) {
  const KernelEstimate estimate(arch);
  CandidateList list(estimate, most, objective);
  // More items than a launch needs only take longer to deal out, on the machine and here; a large operator
  // has no choice.
  constexpr std::uint64_t kManyItems = 1U << 16;
  constexpr std::uint64_t kMostItems = 64 * kManyItems;
  // Narrower than a line of memory only where nothing else fits.
  constexpr std::uint64_t kLine = 64;  // columns
  for (const auto& [limit, narrowest] : {std::pair(kManyItems, kLine),
                                         {4 * kManyItems, kLine},
                                         {16 * kManyItems, kLine},
                                         {kMostItems, kLine},
                                         {kMostItems, 1}}) {
    if (!list.empty()) break;
    for (const std::uint64_t tm : tile_sizes(kernel.m, 1, 4096)) {
      kernel.tile_m = tm;
      const auto columns =
          whole_rows ? std::vector<std::uint64_t>{kernel.n} : tile_sizes(kernel.n, narrowest, 1U << 20);
      for (const std::uint64_t tn : columns) {
        kernel.tile_n = tn;
        if (whole_rows || kernel.items() <= limit) offer_tile(arch, estimate, kernel, list);
      }
    }
  }
  std::vector<Candidate> result;
  for (const CandidateList::Entry& entry : list.best()) {
    Candidate candidate;
    candidate.estimate_s = entry.estimate_s;
    candidate.thrifty = entry.thrifty;
    candidate.description =
        fmt::format("{} rows x {} columns an item, {} cores x {} items", entry.kernel.tile_m,
                    entry.kernel.tile_n, entry.kernel.cores_used, entry.kernel.resident_items);
    candidate.program.tasks.push_back({entry.kernel, {}});
    result.push_back(std::move(candidate));
  }
  return result;
}

}  // namespace

std::vector<Candidate> map_vector(const ArchSpec& arch, const Operator& op, const VectorFamily& family,
                                  std::size_t most, MapObjective objective) {
  std::vector<Candidate> found;
  const auto walk = [&](const VectorKernelSpec& spec) {
    Candidate candidate = library_kernel(arch, op, family, spec);
    const auto& kernel = std::get<KernelLaunch>(candidate.program.tasks[0].work).front();
    if (KernelEstimate(arch).fits(kernel)) found.push_back(std::move(candidate));
  };
  if (arch.execution.library) {
    const bool scalar = std::get<VectorShape>(op.shape).scalar.value_or(0) > 0;
    const auto* shipped = arch.execution.library->vector_kernel(to_string(op.kind), scalar);
    if (shipped != nullptr) walk(*shipped);
  }
  if (found.empty()) found = tilings(arch, untiled(op, family), family.whole_rows, most, objective);
  // A row that a scratchpad has no room for is walked over twice.
  if (found.empty() && family.whole_rows) {
    VectorKernelSpec twice;
    twice.load_bytes = 4;
    twice.passes = 2;
    walk(twice);
  }
  return found;
}

std::vector<Candidate> map_routing(const ArchSpec& arch, const Operator& op, const RoutingFamily& family,
                                   std::size_t most, MapObjective objective) {
  return tilings(arch, untiled(op, family), false, most, objective);
}

std::vector<Candidate> map_scan(const ArchSpec& arch, const Operator& op, const ScanFamily& family,
                                std::size_t most, MapObjective objective) {
  return tilings(arch, untiled(op, family), false, most, objective);
}

}  // namespace orrery
