#include "sim/mapping/padded_values.h"

#include <algorithm>
#include <utility>

#include "sim/mapping/attention_kernel.h"
#include "sim/mapping/kernel_estimate.h"
#include "sim/mapping/operator_mapping.h"

namespace orrery {
namespace {

constexpr TensorId kValues{2}, kResults{3};  // of an operator that attends
constexpr TensorId kPadded{kFirstTemporary + 2}, kUncut{kFirstTemporary + 3};

// Copies `rows` rows: of each, `read` elements are read and `written` ones written.
TileKernel copy_of(const ArchSpec& arch, TensorId from, TensorId to, std::uint64_t rows, std::uint64_t read,
                   std::uint64_t written, ElementBits bits) {
  TileKernel kernel = reduction_kernel(arch, from, to, rows, written, 1, bits);
  KernelOperand& in = kernel.inputs[0];
  in.bits = bits;
  in.tensor_bytes = Bytes{bits.bytes(rows * read)};
  in.by_n = false;  // a tile has whole rows
  in.cols = fixed_length(read);
  kernel.tile_n = written;
  kernel.vector_steps = {{kCopyCost, tile_of(LoopDim::m), tile_of(LoopDim::n)}};
  complete_kernel(arch, kernel);
  kernel.cores_used = cores_for(arch, kernel.items());
  lay_out(arch, kernel);
  return kernel;
}

void rename(std::vector<KernelOperand>& operands, TensorId from, TensorId to) {
  for (KernelOperand& operand : operands) {
    if (operand.tensor == from) operand.tensor = to;
  }
}

}  // namespace

bool pads_values(const ArchSpec& arch, const Operator& op) {
  const auto& s = std::get<AttentionShape>(op.shape);
  const std::vector<AttendedSequences> groups = s.groups();
  const bool decodes = std::all_of(groups.begin(), groups.end(), [](const auto& g) { return g.q == 1; });
  return op.kind == OperatorKind::attention && !decodes && s.value_length() < s.head_dim &&
         attention_manner(arch, op).pads_values;
}

Operator of_padded_values(const Operator& op) {
  Operator padded = op;
  std::get<AttentionShape>(padded.shape).value_dim.reset();
  return padded;
}

std::vector<Candidate> with_values_padded(const ArchSpec& arch, const Operator& op,
                                          std::vector<Candidate> candidates) {
  const auto& s = std::get<AttentionShape>(op.shape);
  const std::uint64_t values = s.value_length();
  const TileKernel pad = copy_of(arch, kValues, kPadded, s.cached_positions() * s.kv_heads, values,
                                 s.head_dim, op.inputs[2].format.bits);
  const TileKernel cut = copy_of(arch, kUncut, kResults, s.query_positions() * s.heads, values, values,
                                 op.outputs[0].format.bits);
  const KernelEstimate estimate(arch);
  const double around_s = estimate.seconds(pad) + estimate.seconds(cut);
  for (Candidate& candidate : candidates) {
    std::vector<Task> tasks = {{KernelLaunch(pad), {}}};
    for (Task& task : candidate.program.tasks) {
      std::vector<TileKernel> kernels = std::get<KernelLaunch>(task.work).kernels();
      for (TileKernel& kernel : kernels) {
        rename(kernel.inputs, kValues, kPadded);
        rename(kernel.outputs, kResults, kUncut);
        if (kernel.matrix_steps.empty()) continue;
        // Products with what was padded are of no use.
        kernel.useful_macs = kernel.useful_macs / (2 * s.head_dim) * (s.head_dim + values);
        kernel.multiplies_useless = true;
      }
      task.work = KernelLaunch(std::move(kernels));
      for (std::uint32_t& before : task.depends_on) ++before;
      if (task.depends_on.empty()) task.depends_on.push_back(0);
      tasks.push_back(std::move(task));
    }
    tasks.push_back({KernelLaunch(cut), {static_cast<std::uint32_t>(tasks.size() - 1)}});
    candidate.program.tasks = std::move(tasks);
    candidate.estimate_s += around_s;
    candidate.description += ", values padded";
  }
  return candidates;
}

}  // namespace orrery
