#include "sim/engine/step_runner.h"

namespace orrery {

StepRunner::StepRunner(OperatorRunner& runner, const RuntimeSpec& runtime)
    : graphs_(runner), runtime_(runtime) {
  if (runner.options().fidelity != Fidelity::roofline) on_chip_bytes_ = runner.arch().shared_capacity_bytes();
}

Tally StepRunner::run(const OperatorGraph& graph, std::uint64_t sequences) {
  Residency residency(on_chip_bytes_);
  GraphOutcome step = graphs_.run(graph, residency);
  // Gaps between kernels, and the host's work that the device waits for.
  const Femtoseconds gaps =
      from_seconds(1e-6 * runtime_.kernel_gap_us * static_cast<double>(step.counts.kernels));
  const Femtoseconds host =
      from_seconds(1e-6 * (runtime_.step_us + runtime_.sequence_us * static_cast<double>(sequences)));
  step.split.add(TimeCategory::launch, gaps);
  step.split.add(TimeCategory::host, host);
  step.time += gaps + host;
  step.simulated += gaps + host;
  return Tally(step);
}

}  // namespace orrery
