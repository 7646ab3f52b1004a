#include "sim/engine/inference.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <map>

#include "sim/engine/decode_sampling.h"
#include "sim/engine/graph_runner.h"
#include "sim/engine/machine.h"
#include "sim/estimate/energy.h"
#include "sim/timing/collective_choice.h"
#include "sim/timing/matrix_timing.h"
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
  std::array<double, kOperatorKinds> kind_seconds{}, kind_joules{};
  struct Stretch {
    double seconds, dynamic_j;
  };
  std::vector<Stretch> stretches;  // in the order of the steps
  double simulated = 0, replayed = 0, replicated = 0;
  double largest_deviation = 0;
};

class PhaseRunner {
 public:
  PhaseRunner(OperatorRunner& runner, const RuntimeSpec& runtime, std::uint64_t batch,
              const Progress& progress)
      : graphs_(runner), runner_(runner), runtime_(runtime), batch_(batch), progress_(progress) {}

  template <class GraphAt>
  PhaseSum run(const char* name, std::uint64_t steps, std::uint64_t residency_bytes, GraphAt graph_at) {
    std::map<std::uint64_t, GraphOutcome> outcomes;
    const double tolerance = runner_.options().exact ? 0 : kSamplingTolerance;
    const SamplePlan plan = sample_steps(steps, tolerance, [&](std::uint64_t step) {
      // Each step starts with nothing on chip but what its own operators bring: the weights of a whole model
      // have passed through since the step before.
      Residency residency(residency_bytes);
      outcomes[step] = with_software(graphs_.run(graph_at(step), residency));
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
      const EnergyBreakdown energy = scaled(outcome.energy, weight);
      sum.energy += energy;
      sum.stretches.push_back({weight * time, energy.total()});
      for (std::size_t k = 0; k < kOperatorKinds; ++k) {
        sum.kind_seconds[k] += weight * to_seconds(outcome.kinds[k].time);
        sum.kind_joules[k] += weight * outcome.kinds[k].dynamic_j;
      }
      sum.simulated += to_seconds(outcome.simulated);
      sum.replayed += to_seconds(outcome.replayed);
      sum.replicated += to_seconds(outcome.replicated) + (weight - 1) * time;
    }
    return sum;
  }

 private:
  GraphRunner graphs_;
  OperatorRunner& runner_;
  const RuntimeSpec& runtime_;
  const std::uint64_t batch_;
  const Progress& progress_;

  // What the stack adds to a step: gaps between its kernels, and the host's work that the device waits for.
  GraphOutcome with_software(GraphOutcome step) const {
    const Femtoseconds gaps =
        from_seconds(1e-6 * runtime_.kernel_gap_us * static_cast<double>(step.counts.kernels));
    const Femtoseconds host =
        from_seconds(1e-6 * (runtime_.step_us + runtime_.sequence_us * static_cast<double>(batch_)));
    step.split.add(TimeCategory::launch, gaps);
    step.split.add(TimeCategory::host, host);
    step.time += gaps + host;
    step.simulated += gaps + host;
    return step;
  }
};

ActivityCounts halved(const ActivityCounts& doubled) {
  ActivityCounts counts = doubled;
  for (std::uint64_t& m : counts.macs) m /= 2;
  for (const CounterInfo& c : counters()) counts.*c.member /= 2;
  return counts;
}

}  // namespace

void check_fits(const StreamInfo& info, const ArchSpec& arch) {
  check_machine(arch);
  check_devices(arch.node, info.scenario.tensor_parallel);
  check_format(arch, info.scenario.dtype);
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

namespace {

// Of all boards over `seconds`, static power and losses included, from what one chip spends beyond it.
double total_joules(double dynamic_j, double seconds, std::uint32_t devices, const ArchSpec& arch) {
  EnergyBreakdown dynamic;
  dynamic.compute = dynamic_j;
  return total_energy(dynamic, seconds, devices, arch).total();
}

// Time and energy by kind of operator; the rest of the time is the software's.
std::vector<OperatorShare> by_operator(const PhaseSum& prefill, const PhaseSum& decode, std::uint32_t devices,
                                       const ArchSpec& arch) {
  std::vector<OperatorShare> all;
  double left = prefill.seconds + decode.seconds;
  const auto add = [&](const std::string& name, double seconds, double joules) {
    all.push_back({name, seconds, total_joules(joules, seconds, devices, arch)});
  };
  for (std::size_t k = 0; k < kOperatorKinds; ++k) {
    const double seconds = prefill.kind_seconds[k] + decode.kind_seconds[k];
    if (seconds <= 0) continue;
    left -= seconds;
    add(to_string(static_cast<OperatorKind>(k)), seconds, prefill.kind_joules[k] + decode.kind_joules[k]);
  }
  if (left > 1e-12 * (prefill.seconds + decode.seconds)) add("software", left, 0);
  std::stable_sort(all.begin(), all.end(),
                   [](const OperatorShare& a, const OperatorShare& b) { return a.energy_j > b.energy_j; });
  return all;
}

PhasePower power_of(const PhaseSum& phase, std::uint32_t devices, const ArchSpec& arch) {
  if (phase.seconds <= 0) return {};
  return {phase.seconds, total_energy(phase.energy, phase.seconds, devices, arch).total() / phase.seconds};
}

void add_power(std::vector<PowerStretch>& curve, const PhaseSum& phase, std::uint32_t devices,
               const ArchSpec& arch) {
  for (const PhaseSum::Stretch& s : phase.stretches) {
    if (s.seconds <= 0) continue;
    const double from = curve.empty() ? 0.0 : double{ curve.back().to_s};
    curve.push_back(
        {from, from + s.seconds, total_joules(s.dynamic_j, s.seconds, devices, arch) / s.seconds});
  }
}

RunResult run_stream(const OperatorStream& stream, OperatorRunner& runner, const RuntimeSpec& runtime,
                     const Progress& progress) {
  const StreamInfo& info = stream.info();
  const ArchSpec& arch = runner.arch();
  const RunnerOptions& options = runner.options();
  PhaseRunner phases(runner, runtime, info.scenario.batch, progress);
  const std::uint64_t on_chip = options.fidelity != Fidelity::roofline ? arch.shared_capacity_bytes() : 0;
  const PhaseSum prefill =
      phases.run("prefill", info.prefill_graphs, on_chip,
                 [&](std::uint64_t i) -> const OperatorGraph& { return stream.prefill(i); });
  const PhaseSum decode =
      phases.run("decode", info.decode_graphs, on_chip,
                 [&](std::uint64_t i) -> const OperatorGraph& { return stream.decode(i); });

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
  if (options.fidelity != Fidelity::roofline) r.operators = by_operator(prefill, decode, r.devices, arch);
  r.prefill = power_of(prefill, r.devices, arch);
  r.decode = power_of(decode, r.devices, arch);
  add_power(r.power_over_time, prefill, r.devices, arch);
  add_power(r.power_over_time, decode, r.devices, arch);
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
  r.runtime = runtime.name;
  return r;
}

void add_phase(PhasePower& sum, const PhasePower& wave) {
  const double joules = sum.power_w * sum.time_s + wave.power_w * wave.time_s;
  sum.time_s += wave.time_s;
  if (sum.time_s > 0) sum.power_w = joules / sum.time_s;
}

// Adds another wave of the same scenario.
void add_wave(RunResult& sum, const RunResult& wave) {
  const double before = sum.latency_s;
  sum.latency_s += wave.latency_s;
  sum.batch += wave.batch;
  sum.energy += wave.energy;
  for (const OperatorShare& share : wave.operators) {
    const auto known = std::find_if(sum.operators.begin(), sum.operators.end(),
                                    [&](const OperatorShare& o) { return o.op == share.op; });
    if (known == sum.operators.end()) {
      sum.operators.push_back(share);
    } else {
      known->time_s += share.time_s;
      known->energy_j += share.energy_j;
    }
  }
  for (const PowerStretch& s : wave.power_over_time)
    sum.power_over_time.push_back({before + s.from_s, before + s.to_s, s.power_w});
  add_phase(sum.prefill, wave.prefill);
  add_phase(sum.decode, wave.decode);
  sum.counts += wave.counts;
  for (std::size_t i = 0; i < kTimeCategoryCount; ++i) sum.time.parts[i] += wave.time.parts[i];
  const double share = wave.latency_s / sum.latency_s;
  const auto blend = [share](Figure& a, double b) { a = a + share * (b - a); };
  blend(sum.utilization_compute, wave.utilization_compute);
  blend(sum.utilization_dram, wave.utilization_dram);
  blend(sum.share.simulated, wave.share.simulated);
  blend(sum.share.replayed, wave.share.replayed);
  blend(sum.share.replicated, wave.share.replicated);
  sum.decode_sampling_error = std::max(sum.decode_sampling_error, wave.decode_sampling_error);
  sum.share.transactions = wave.share.transactions;
  sum.share.kernels = wave.share.kernels;
  sum.share.granule_bytes = wave.share.granule_bytes;
  sum.info = wave.info;
}

}  // namespace

RunResult run_inference(const OperatorStream& stream, const ArchSpec& arch, const RunnerOptions& options,
                        const Progress& progress, const RuntimeSpec& runtime) {
  check_fits(stream.info(), arch);
  OperatorRunner runner(arch, options);
  return run_stream(stream, runner, runtime, progress);
}

BatchPlan plan_batches(const LlmSpec& llm, const Scenario& scenario, const ArchSpec& arch,
                       const RuntimeSpec& runtime) {
  if (runtime.kv_memory_fraction <= 0) {
    StreamInfo info;
    info.model = llm.name;
    info.scenario = scenario;
    info.memory = memory_need(llm, scenario);
    check_fits(info, arch);
    return {{scenario.batch}, 0};
  }
  check_machine(arch);
  check_devices(arch.node, scenario.tensor_parallel);
  check_format(arch, scenario.dtype);
  Scenario one = scenario;
  one.batch = 1;
  const MemoryNeed need = memory_need(llm, one);
  const double room = runtime.kv_memory_fraction * static_cast<double>(arch.dram.capacity_bytes) -
                      static_cast<double>(need.weights + need.activations);
  const double sequence = std::max(1.0, static_cast<double>(need.kv_cache));
  if (room < sequence) {
    throw ConfigError(
        "", fmt::format("{} does not fit {} under {}: weights and activations take {:.1f} GB of the "
                        "{:.1f} GB it may fill, and a sequence of {} tokens needs {:.1f} GB more",
                        llm.name, arch.name, runtime.name,
                        1e-9 * static_cast<double>(need.weights + need.activations),
                        1e-9 * runtime.kv_memory_fraction * static_cast<double>(arch.dram.capacity_bytes),
                        scenario.input + scenario.output, 1e-9 * sequence));
  }
  const auto at_once = static_cast<std::uint64_t>(room / sequence);
  BatchPlan plan;
  for (std::uint64_t left = scenario.batch; left > 0;) {
    const std::uint64_t now = std::min(left, at_once);
    plan.batches.push_back(now);
    left -= now;
  }
  if (runtime.preempts && scenario.batch > at_once) {
    // As many start as have room for their prompts; those beyond what the grown caches leave are set back.
    const double prompt = sequence * static_cast<double>(scenario.input) /
                          static_cast<double>(scenario.input + scenario.output);
    const auto started = std::min<std::uint64_t>(scenario.batch, static_cast<std::uint64_t>(room / prompt));
    plan.recomputed_sequences = started - at_once;
  }
  return plan;
}

RunResult run_model(const LlmSpec& llm, const Scenario& scenario, OperatorRunner& runner,
                    const RuntimeSpec& runtime, const Progress& progress, const StreamSource& streams) {
  const ArchSpec& arch = runner.arch();
  const auto run_part = [&](const Scenario& part) {
    if (streams) return run_stream(streams(part), runner, runtime, progress);
    return run_stream(ModelStream(llm, part, arch.execution), runner, runtime, progress);
  };
  const BatchPlan plan = plan_batches(llm, scenario, arch, runtime);
  RunResult sum;
  for (std::size_t wave = 0; wave < plan.batches.size(); ++wave) {
    Scenario part = scenario;
    part.batch = plan.batches[wave];
    const RunResult r = run_part(part);
    if (wave == 0) {
      sum = r;
    } else {
      add_wave(sum, r);
    }
  }
  sum.waves = plan.batches.size();
  sum.recomputed_sequences = plan.recomputed_sequences;
  if (plan.recomputed_sequences > 0 && scenario.output > 1) {
    // Prompt and, on average, half of what had been generated, once more.
    Scenario again = scenario;
    again.batch = plan.recomputed_sequences;
    again.input = scenario.input + scenario.output / 2;
    again.output = 1;
    const RunResult r = run_part(again);
    add_wave(sum, r);
  }
  sum.batch = scenario.batch;
  const double tokens = static_cast<double>(sum.batch) * static_cast<double>(sum.output);
  sum.tokens_per_s = tokens / sum.latency_s;
  sum.energy_per_token_j = sum.energy.total() / tokens;
  sum.average_power_w = sum.energy.total() / sum.latency_s;
  if (sum.output > 1) sum.tpot_s = (sum.latency_s - sum.ttft_s) / static_cast<double>(sum.output - 1);
  sum.bound = sum.time.largest();
  return sum;
}

RunResult run_model(const LlmSpec& llm, const Scenario& scenario, const ArchSpec& arch,
                    const RunnerOptions& options, const RuntimeSpec& runtime, const Progress& progress) {
  plan_batches(llm, scenario, arch, runtime);  // before anything is elaborated
  OperatorRunner runner(arch, options);
  return run_model(llm, scenario, runner, runtime, progress);
}

}  // namespace orrery
