#include "sim/engine/step_runner.h"

namespace orrery {

StepRunner::StepRunner(OperatorRunner& runner, const RuntimeSpec& runtime)
    : graphs_(runner), runtime_(runtime) {
  if (runner.options().fidelity != Fidelity::roofline)
    on_chip_bytes_ = Bytes{runner.arch().shared_capacity_bytes()};
}

Tally StepRunner::run(const OperatorGraph& graph, std::uint64_t sequences, std::vector<double>* seconds) {
  Residency residency(on_chip_bytes_);
  Tally step = graphs_.run(graph, residency, seconds);
  // Gaps between kernels, and the host's work that the device waits for.
  step.add(TimeCategory::launch, 1e-6 * runtime_.kernel_gap_us * static_cast<double>(step.counts().kernels));
  step.add(TimeCategory::host,
           1e-6 * (runtime_.step_us + runtime_.sequence_us * static_cast<double>(sequences)));
  step.close_stretch();
  return step;
}

}  // namespace orrery
