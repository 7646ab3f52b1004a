#include "sim/engine/inference.h"

#include <fmt/format.h>

#include <map>

#include "sim/engine/decode_sampling.h"
#include "sim/engine/graph_runner.h"
#include "sim/estimate/energy.h"
#include "sim/timing/collective_choice.h"
#include "sim/util/errors.h"

namespace orrery {
namespace {

constexpr double kSamplingTolerance = 0.002;  // of a step's time, where steps are interpolated

// Sum over the graphs of a phase; counts and times of sampled graphs enter with half-integer weights.
struct PhaseSum {
  double seconds = 0;
  TimeSplitSeconds split;
  ActivityCounts double_counts;
  EnergyBreakdown energy;
  double simulated = 0, replayed = 0, replicated = 0;
  double largest_deviation = 0;
};

class PhaseRunner {
 public:
  PhaseRunner(OperatorRunner& runner, const Progress& progress)
      : graphs_(runner), runner_(runner), progress_(progress) {}

  template <class GraphAt>
  PhaseSum run(const char* name, std::uint64_t steps, std::uint64_t residency_bytes, GraphAt graph_at) {
    std::map<std::uint64_t, GraphOutcome> outcomes;
    const double tolerance = runner_.options().exact ? 0 : kSamplingTolerance;
    const SamplePlan plan = sample_steps(steps, tolerance, [&](std::uint64_t step) {
      // Each step starts with nothing on chip but what its own operators bring: the weights of a whole model
      // have passed through since the step before.
      Residency residency(residency_bytes);
      outcomes[step] = graphs_.run(graph_at(step), residency);
      progress_(name, outcomes.size(), steps);
      return to_seconds(outcomes[step].time);
    });
    PhaseSum sum;
    sum.largest_deviation = plan.largest_deviation;
    for (const auto& [step, double_weight] : plan.double_weights) {
      const GraphOutcome& outcome = outcomes.at(step);
      const double weight = 0.5 * static_cast<double>(double_weight);
      const double time = to_seconds(outcome.time);
      sum.seconds += weight * time;
      sum.split.add(outcome.split, weight);
      sum.double_counts += outcome.counts * double_weight;
      sum.energy += scaled(outcome.energy, weight);
      sum.simulated += to_seconds(outcome.simulated);
      sum.replayed += to_seconds(outcome.replayed);
      sum.replicated += to_seconds(outcome.replicated) + (weight - 1) * time;
    }
    return sum;
  }

 private:
  GraphRunner graphs_;
  OperatorRunner& runner_;
  const Progress& progress_;
};

ActivityCounts halved(const ActivityCounts& doubled) {
  ActivityCounts counts = doubled;
  for (std::uint64_t& m : counts.macs) m /= 2;
  for (const CounterInfo& c : counters()) counts.*c.member /= 2;
  return counts;
}

}  // namespace

void check_fits(const StreamInfo& info, const ArchSpec& arch) {
  check_devices(arch.node, info.scenario.tensor_parallel);
  const MemoryNeed& need = info.memory;
  if (need.total() <= arch.dram.capacity_bytes) return;
  throw ConfigError(
      "",
      fmt::format(
          "{} in {} does not fit {}: each device needs {} bytes (weights {}, KV cache {}, activations {}) "
          "and "
          "has {} of DRAM ({:.1f} of {:.1f} GiB): {} bytes are missing. More devices, a smaller batch or a "
          "narrower --dtype would "
          "help",
          info.model, to_string(info.scenario.dtype), arch.name, need.total(), need.weights, need.kv_cache,
          need.activations, arch.dram.capacity_bytes,
          static_cast<double>(need.total()) / static_cast<double>(kGiB),
          static_cast<double>(arch.dram.capacity_bytes) / static_cast<double>(kGiB),
          need.total() - arch.dram.capacity_bytes));
}

RunResult run_inference(const OperatorStream& stream, const ArchSpec& arch, const RunnerOptions& options,
                        const Progress& progress) {
  const StreamInfo& info = stream.info();
  check_fits(info, arch);
  OperatorRunner runner(arch, options);
  PhaseRunner phases(runner, progress);
  const std::uint64_t on_chip =
      options.fidelity == Fidelity::tile ? arch.shared_capacity_bytes() : 0;
  const PhaseSum prefill =
      phases.run("prefill", info.prefill_graphs, on_chip, [&](std::uint64_t i) { return stream.prefill(i); });
  const PhaseSum decode =
      phases.run("decode", info.decode_graphs, on_chip, [&](std::uint64_t i) { return stream.decode(i); });

  RunResult r;
  r.arch = arch.name;
  r.model = info.model;
  r.dtype = to_string(info.scenario.dtype);
  r.fidelity = to_string(options.fidelity);
  r.batch = info.scenario.batch;
  r.input = info.scenario.input;
  r.output = info.scenario.output;
  r.devices = info.scenario.tensor_parallel;
  r.ttft_s = prefill.seconds;
  r.latency_s = prefill.seconds + decode.seconds;
  if (r.output > 1) r.tpot_s = (r.latency_s - r.ttft_s) / static_cast<double>(r.output - 1);
  const double tokens = static_cast<double>(r.batch) * static_cast<double>(r.output);
  r.tokens_per_s = tokens / r.latency_s;
  ActivityCounts doubled = prefill.double_counts;
  doubled += decode.double_counts;
  r.counts = halved(doubled);
  EnergyBreakdown dynamic = prefill.energy;
  dynamic += decode.energy;
  r.energy = total_energy(dynamic, r.latency_s, r.devices, arch);
  r.energy_per_token_j = r.energy.total() / tokens;
  r.average_power_w = r.energy.total() / r.latency_s;
  r.area_mm2 = arch.die_mm2 * r.devices;
  r.utilization_compute =
      static_cast<double>(r.counts.total_macs()) / (arch.peak_macs_per_s(info.scenario.dtype) * r.latency_s);
  r.utilization_dram =
      static_cast<double>(r.counts.dram_bytes()) / (arch.dram.peak_bytes_per_s() * r.latency_s);
  for (std::size_t i = 0; i < kTimeCategoryCount; ++i)
    r.time.parts[i] = prefill.split.parts[i] + decode.split.parts[i];
  r.bound = r.time.largest();
  r.decode_sampling_error = std::max(prefill.largest_deviation, decode.largest_deviation);
  const double all = prefill.seconds + decode.seconds;
  r.share = {runner.simulated_transactions(),
             runner.simulated_kernels(),
             runner.simulated_granule_bytes(),
             (prefill.simulated + decode.simulated) / all,
             (prefill.replayed + decode.replayed) / all,
             (prefill.replicated + decode.replicated) / all};
  if (options.fidelity == Fidelity::roofline) r.share = {};  // nothing is simulated
  r.info.cache_hits = runner.cache_hits();
  return r;
}

}  // namespace orrery
