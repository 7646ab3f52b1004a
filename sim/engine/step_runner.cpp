#include "sim/engine/step_runner.h"

#include <algorithm>

#include "sim/estimate/energy.h"
#include "sim/mapping/crossbar_mapping.h"
#include "sim/timing/storage_timing.h"

namespace orrery {

Tally with_software(Tally step, const RuntimeSpec& runtime, std::uint64_t sequences, bool together) {
  step.add(TimeCategory::launch, 1e-6 * runtime.kernel_gap_us * static_cast<double>(step.counts().kernels));
  step.add(TimeCategory::host, 1e-6 * (runtime.step_us + (together ? runtime.group_us : 0) +
                                       runtime.sequence_us * static_cast<double>(sequences)));
  step.close_stretch();
  return step;
}

StepRunner::StepRunner(OperatorRunner& runner, const RuntimeSpec& runtime)
    : arch_(runner.arch()), graphs_(runner), runtime_(runtime) {
  if (runner.options().fidelity != Fidelity::roofline)
    on_chip_bytes_ = Bytes{runner.arch().shared_capacity_bytes()};
}

Tally StepRunner::run(const OperatorGraph& graph, std::uint64_t sequences, std::vector<OperatorCost>* costs) {
  check_in_place(arch_, graph.operators);
  Residency residency(on_chip_bytes_);
  const bool together = std::any_of(graph.operators.begin(), graph.operators.end(), [](const Operator& op) {
    return std::holds_alternative<CollectiveShape>(op.shape);
  });
  Tally step = graphs_.run(graph, residency, costs);
  for (const StoredPieces& pieces : graph.stored) {
    ActivityCounts reads;
    reads.storage_reads = pieces.reads;
    reads.storage_bytes = pieces.reads * pieces.bytes;
    step.add_storage(storage_seconds(arch_.storage.value(), static_cast<double>(pieces.reads),
                                     static_cast<double>(pieces.bytes)),
                     reads, dynamic_energy(reads, arch_));
  }
  return with_software(step, runtime_, sequences, together);
}

}  // namespace orrery
