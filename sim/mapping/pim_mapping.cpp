#include "sim/mapping/pim_mapping.h"

#include <fmt/format.h>

#include "sim/mapping/matmul_kernel.h"
#include "sim/workload/operator_counts.h"

namespace orrery {

std::optional<PimProduct> pim_product(const Operator& op, const DramSpec& dram) {
  const auto* shape = std::get_if<MatmulShape>(&op.shape);
  if (!dram.pim || shape == nullptr || !dram.pim->multiplies(op.dtype)) return std::nullopt;
  const Tensor& operand = op.inputs.at(kMatmulB);
  const bool in_memory = operand.kind == TensorKind::weight || operand.kind == TensorKind::kv;
  const bool as_it_is = operand.format == stored_as(op.dtype);
  if (!in_memory || !as_it_is) return std::nullopt;
  return PimProduct{shape->batch, shape->m, shape->n, shape->k, op.dtype};
}

std::vector<Candidate> map_pim(const ArchSpec& arch, const Operator& op) {
  std::vector<Candidate> found;
  const std::optional<PimProduct> product = pim_product(op, arch.dram);
  if (!product) return found;
  for (const bool apart : {false, true}) {
    if (apart && product->matrices == 1) continue;
    PimTask task{plan_pim(arch.dram, *product, apart), operator_macs(op)};
    Candidate candidate;
    candidate.estimate_s = pim_seconds(arch.dram, task.plan) + 1e-9 * arch.command.kernel_overhead_ns;
    candidate.description =
        fmt::format("in memory: {} rows of {} banks on {} channels{}", task.plan.rows,
                    arch.dram.device.banks(), task.plan.channels, apart ? ", matrices apart" : "");
    candidate.program.tasks.push_back({std::move(task), {}});
    found.push_back(std::move(candidate));
  }
  return found;
}

}  // namespace orrery
