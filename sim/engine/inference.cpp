#include "sim/engine/inference.h"

#include <algorithm>
#include <map>

#include "sim/engine/decode_sampling.h"
#include "sim/engine/step_runner.h"
#include "sim/estimate/energy.h"

namespace orrery {
namespace {

constexpr double kSamplingTolerance = 0.005;  // of a step's time, where steps are interpolated
constexpr std::uint64_t kWavesDrawn = 64;     // of equal ones, in the curve of power over time

// All steps of a prompt phase and of the decoding after it.
struct Phases {
  Tally prefill, decode;
  double seconds() const { return prefill.seconds + decode.seconds; }
};

// Runs streams step by step.
class PhaseRunner {
 public:
  PhaseRunner(OperatorRunner& runner, const RuntimeSpec& runtime, const Progress& progress)
      : steps_(runner, runtime), exact_(runner.options().exact), progress_(progress) {}

  Phases run(const OperatorStream& stream) {
    const StreamInfo& info = stream.info();
    Phases phases;
    phases.prefill =
        info.token_by_token
            ? sampled("prefill", info.prefill.size(),
                      [&](std::uint64_t i) { return steps_.run(stream.prefill(i), info.scenario.batch); })
            : prompt_steps(stream);
    phases.decode = sampled("decode", info.decode_graphs, [&](std::uint64_t i) {
      return steps_.run(stream.decode(i), info.scenario.batch);
    });
    return phases;
  }

 private:
  StepRunner steps_;
  const bool exact_;
  const Progress& progress_;

  // Steps that are alike run once, unless everything is simulated.
  Tally prompt_steps(const OperatorStream& stream) {
    const std::vector<GraphUse>& uses = stream.info().prefill;
    Tally sum;
    for (std::size_t i = 0; i < uses.size(); ++i) {
      const std::uint64_t runs = exact_ ? uses[i].times : 1;
      for (std::uint64_t n = 0; n < runs; ++n)
        sum += steps_.run(stream.prefill(i), uses[i].sequences).times(uses[i].times / runs);
      progress_("prefill", i + 1, uses.size());
    }
    return sum;
  }

  // Steps of which each is a little longer than the last.
  template <class StepAt>
  Tally sampled(const char* name, std::uint64_t steps, StepAt step_at) {
    std::map<std::uint64_t, Tally> tallies;
    const SamplePlan plan = sample_steps(steps, exact_ ? 0 : kSamplingTolerance, [&](std::uint64_t step) {
      const Tally& tally = tallies[step] = step_at(step);
      progress_(name, tallies.size(), steps);
      return tally.seconds;
    });
    Tally sum;
    for (const auto& [step, halves] : plan.double_weights) sum += tallies.at(step).halves(halves);
    sum.largest_deviation = plan.largest_deviation;
    return sum;
  }
};

// Of all boards over `seconds`, static power and losses included, from what one chip spends beyond it.
double total_joules(double dynamic_j, double seconds, std::uint32_t devices, const ArchSpec& arch) {
  EnergyBreakdown dynamic;
  dynamic.compute = dynamic_j;
  return total_energy(dynamic, seconds, devices, arch).total();
}

// Time and energy by kind of operator; the rest of the time is the software's.
std::vector<OperatorShare> by_operator(const Tally& prefill, const Tally& decode, std::uint32_t devices,
                                       const ArchSpec& arch) {
  std::vector<OperatorShare> all;
  double left = prefill.seconds + decode.seconds;
  const auto add = [&](const std::string& name, double seconds, double joules) {
    all.push_back({name, seconds, total_joules(joules, seconds, devices, arch)});
  };
  for (std::size_t k = 0; k < kOperatorKinds; ++k) {
    const double seconds = prefill.kinds[k].seconds + decode.kinds[k].seconds;
    if (seconds <= 0) continue;
    left -= seconds;
    add(to_string(static_cast<OperatorKind>(k)), seconds,
        prefill.kinds[k].dynamic_j + decode.kinds[k].dynamic_j);
  }
  if (left > 1e-12 * (prefill.seconds + decode.seconds)) add("software", left, 0);
  std::stable_sort(all.begin(), all.end(),
                   [](const OperatorShare& a, const OperatorShare& b) { return a.energy_j > b.energy_j; });
  return all;
}

PhasePower power_of(const Tally& phase, std::uint32_t devices, const ArchSpec& arch) {
  if (phase.seconds <= 0) return {};
  return {phase.seconds, total_energy(phase.energy, phase.seconds, devices, arch).total() / phase.seconds};
}

std::vector<PowerStretch> power_curve(const std::vector<Tally::Stretch>& stretches, std::uint32_t devices,
                                      const ArchSpec& arch) {
  std::vector<PowerStretch> curve;
  for (const Tally::Stretch& s : stretches) {
    if (s.seconds <= 0) continue;
    const double from = curve.empty() ? 0.0 : double{curve.back().to_s};
    curve.push_back(
        {from, from + s.seconds, total_joules(s.dynamic_j, s.seconds, devices, arch) / s.seconds});
  }
  return curve;
}

// Phases in the order they ran in.
class RunLog {
 public:
  // `times` times, one after the other.
  void add(const Phases& wave, std::uint64_t times) {
    first_tokens_ = seconds() + static_cast<double>(times - 1) * wave.seconds() + wave.prefill.seconds;
    all_.prefill += wave.prefill.times(times);
    all_.decode += wave.decode.times(times);
    for (std::uint64_t i = 0; i < std::min(times, kWavesDrawn); ++i) draw(wave, 1);
    if (times > kWavesDrawn) draw(wave, times - kWavesDrawn);
  }
  // Prompts computed again, whose sequences have had their first tokens.
  void add_again(const Phases& part) {
    all_.prefill += part.prefill;
    draw(part, 1);
  }

  double seconds() const { return all_.seconds(); }

  // `info.memory`: of the sequences that run at once.
  RunResult result(const StreamInfo& info, const OperatorRunner& runner, const RuntimeSpec& runtime) const {
    const Tally& prefill = all_.prefill;
    const Tally& decode = all_.decode;
    const ArchSpec& arch = runner.arch();
    RunResult r;
    r.arch = arch.name;
    r.model = info.model;
    r.dtype = to_string(info.scenario.dtype);
    r.fidelity = to_string(runner.options().fidelity);
    r.runtime = runtime.name;
    r.batch = info.scenario.batch;
    r.input = info.scenario.input;
    r.output = info.scenario.output;
    r.devices = info.scenario.tensor_parallel;
    const MemoryNeed& need = info.memory;
    r.memory.weights = need.weights;
    r.memory.kv_cache = need.kv_cache;
    r.memory.activations = need.activations;
    r.memory.kv_per_token = info.kv_bytes_per_token;
    r.memory.parameters = info.parameters;
    r.memory.active_parameters = info.active_parameters;
    r.memory.free = arch.dram.allocatable_bytes - std::min(arch.dram.allocatable_bytes, need.total());
    r.ttft_s = first_tokens_;
    r.latency_s = seconds();
    if (r.output > 1) r.tpot_s = (r.latency_s - r.ttft_s) / static_cast<double>(r.output - 1);
    const double tokens = static_cast<double>(r.batch) * static_cast<double>(r.output);
    r.tokens_per_s = tokens / r.latency_s;
    Tally whole = prefill;
    whole += decode;
    r.counts = whole.counts();
    r.energy = total_energy(whole.energy, r.latency_s, r.devices, arch);
    r.prefill = power_of(prefill, r.devices, arch);
    r.decode = power_of(decode, r.devices, arch);
    r.power_over_time = power_curve(curve_, r.devices, arch);
    r.energy_per_token_j = r.energy.total() / tokens;
    r.average_power_w = r.energy.total() / r.latency_s;
    r.area_mm2 = arch.die_mm2 * r.devices;
    r.utilization_compute = static_cast<double>(r.counts.total_macs()) /
                            (arch.peak_macs_per_s(info.scenario.dtype) * r.latency_s);
    r.utilization_dram =
        static_cast<double>(r.counts.dram_bytes()) / (arch.dram.peak_bytes_per_s() * r.latency_s);
    r.time = whole.split;
    r.bound = r.time.largest();
    r.decode_sampling_error = whole.largest_deviation;
    if (runner.options().fidelity != Fidelity::roofline) {  // there nothing is simulated
      r.operators = by_operator(prefill, decode, r.devices, arch);
      r.share = {runner.simulated_transactions(),  runner.simulated_kernels(),
                 runner.simulated_granule_bytes(), whole.simulated / whole.seconds,
                 whole.replayed / whole.seconds,   whole.replicated / whole.seconds};
    }
    r.info.cache_hits = runner.cache_hits();
    return r;
  }

 private:
  Phases all_;
  double first_tokens_ = 0;  // when every sequence has its first
  std::vector<Tally::Stretch> curve_;

  void draw(const Phases& wave, std::uint64_t times) {
    for (const Tally* phase : {&wave.prefill, &wave.decode}) {
      for (const Tally::Stretch& s : phase->stretches)
        curve_.push_back({s.seconds * static_cast<double>(times), s.dynamic_j * static_cast<double>(times)});
    }
  }
};

}  // namespace

RunResult run_inference(const OperatorStream& stream, const ArchSpec& arch, const RunnerOptions& options,
                        const Progress& progress, const RuntimeSpec& runtime) {
  check_fits(stream.info(), arch);
  OperatorRunner runner(arch, options);
  RunLog log;
  log.add(PhaseRunner(runner, runtime, progress).run(stream), 1);
  return log.result(stream.info(), runner, runtime);
}

RunResult run_model(const LlmSpec& llm, const Scenario& scenario, OperatorRunner& runner,
                    const RuntimeSpec& runtime, const Progress& progress, const StreamSource& streams) {
  const ArchSpec& arch = runner.arch();
  PhaseRunner phases(runner, runtime, progress);
  const auto run_part = [&](const Scenario& part) {
    return streams ? phases.run(streams(part))
                   : phases.run(ModelStream(llm, part, arch.execution, runtime.token_budget));
  };
  const BatchPlan plan = plan_batches(llm, scenario, arch, runtime);
  RunLog log;
  for (const Wave& wave : plan.waves) {
    Scenario part = scenario;
    part.batch = wave.batch;
    log.add(run_part(part), wave.times);
  }
  if (plan.recomputed_sequences > 0 && scenario.output > 1) {
    // Prompt and, on average, half of what had been generated, once more.
    Scenario again = scenario;
    again.batch = plan.recomputed_sequences;
    again.input = scenario.input + scenario.output / 2;
    again.output = 1;
    log.add_again(run_part(again));
  }
  StreamInfo info = stream_info(llm, scenario, runtime.token_budget);
  info.memory.kv_cache = info.memory.kv_cache / scenario.batch * plan.waves.front().batch;
  RunResult r = log.result(info, runner, runtime);
  r.waves = plan.wave_count();
  r.recomputed_sequences = plan.recomputed_sequences;
  return r;
}

RunResult run_model(const LlmSpec& llm, const Scenario& scenario, const ArchSpec& arch,
                    const RunnerOptions& options, const RuntimeSpec& runtime, const Progress& progress) {
  plan_batches(llm, scenario, arch, runtime);  // before anything is elaborated
  OperatorRunner runner(arch, options);
  return run_model(llm, scenario, runner, runtime, progress);
}

}  // namespace orrery
