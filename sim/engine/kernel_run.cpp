#include "sim/engine/kernel_run.h"

#include <algorithm>

#include "sim/engine/roofline.h"
#include "sim/estimate/actions.h"
#include "sim/estimate/energy.h"
#include "sim/estimate/wear.h"
#include "sim/mapping/crossbar_mapping.h"
#include "sim/workload/operator_counts.h"

namespace orrery {

KernelResult run_kernel(const Operator& op, const ArchSpec& arch, const RunnerOptions& options) {
  OperatorRunner runner(arch, options);
  return run_kernel(op, runner);
}

KernelResult run_kernel(const Operator& op, OperatorRunner& runner, const OnChip& on_chip) {
  const ArchSpec& arch = runner.arch();
  check_in_place(arch, {op});
  const OperatorRun& run = runner.run(op, on_chip, on_chip.empty());
  KernelResult r;
  r.arch = arch.name;
  r.op = to_string(op.kind);
  r.shape = shape_in_words(op);
  r.dtype = to_string(op.dtype);
  r.fidelity = to_string(runner.options().fidelity);
  r.mapping = run.mapping;
  r.latency_s = run.tally.seconds;
  r.cycles = r.latency_s * arch.clock_hz;
  r.clock_ghz = arch.clock_hz * run.clock_factor * 1e-9;
  r.flops = 2.0 * static_cast<double>(operator_macs(op));
  r.counts = run.tally.counts();
  r.actions = action_figures(r.counts, arch);
  r.cells_last_years = cell_life_years(arch, r.counts, r.latency_s);
  r.sharing = sharing_figures(run.tally.sharing);
  const auto* collective = std::get_if<CollectiveShape>(&op.shape);
  const std::uint32_t devices = collective != nullptr ? collective->devices : 1;
  r.node = arch.node.in_words(devices);
  r.energy = reported_energy(run.tally.energy, r.latency_s, devices, arch);
  if (r.latency_s > 0) {
    r.power_w = r.energy.total().value() / r.latency_s;
    double peak = arch.peak_macs_per_s(op.dtype);
    // Units in memory may be faster than the cores.
    if (r.counts.pim_macs > 0) peak = std::max(peak, peak_in_memory_macs_per_s(op, arch));
    if (peak > 0) r.utilization_compute = static_cast<double>(r.counts.total_macs()) / (peak * r.latency_s);
    r.utilization_dram =
        static_cast<double>(r.counts.dram_bytes()) / (arch.dram.peak_bytes_per_s() * r.latency_s);
  }
  r.time = run.tally.split;
  r.bound = r.time.largest();
  const double skipped = r.latency_s > 0 ? run.tally.replayed / r.latency_s : 0;
  r.share = {runner.simulated_transactions(),
             runner.simulated_kernels(),
             runner.simulated_granule_bytes(),
             1 - skipped,
             skipped,
             0};
  if (runner.options().fidelity == Fidelity::roofline) r.share = {};  // nothing is simulated
  return r;
}

}  // namespace orrery
