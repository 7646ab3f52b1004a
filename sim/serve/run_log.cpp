#include "sim/serve/run_log.h"

#include <algorithm>

#include "sim/estimate/actions.h"
#include "sim/estimate/energy.h"
#include "sim/estimate/wear.h"

namespace orrery {
namespace {

constexpr std::uint64_t kRoundsDrawn = 64;  // of equal ones, in the curve of power over time

// Time and energy by kind of operator; the rest of the time is the software's.
std::vector<OperatorShare> by_operator(const Tally& tally, std::uint32_t devices, const ArchSpec& arch) {
  std::vector<OperatorShare> all;
  double left = tally.seconds;
  const auto add = [&](const std::string& name, const Tally::Part& part) {
    all.push_back({name, part.seconds, total_energy(part.dynamic, part.seconds, devices, arch),
                   2 * part.macs * devices, part.dram_bytes * devices});
  };
  for (std::size_t k = 0; k < kOperatorKinds; ++k) {
    const Tally::Part& part = tally.kinds[k];
    if (part.seconds <= 0) continue;
    left -= part.seconds;
    add(to_string(static_cast<OperatorKind>(k)), part);
  }
  if (left > 1e-12 * tally.seconds) add("software", {left, {}});
  std::stable_sort(all.begin(), all.end(),
                   [](const OperatorShare& a, const OperatorShare& b) { return a.energy > b.energy; });
  return all;
}

// What both a run and its phases tell of how busy a device was.
template <class Figures>
void put_utilization(Figures& figures, const ActivityCounts& counts, double seconds, DType dtype,
                     const ArchSpec& arch) {
  figures.utilization_compute =
      static_cast<double>(counts.total_macs()) / (arch.peak_macs_per_s(dtype) * seconds);
  figures.utilization_dram =
      static_cast<double>(counts.dram_bytes()) / (arch.dram.peak_bytes_per_s() * seconds);
}

PhaseFigures phase_figures(const Tally& phase, std::uint32_t devices, DType dtype, bool simulated,
                           const ArchSpec& arch) {
  PhaseFigures f;
  if (phase.seconds <= 0) return f;
  f.time_s = phase.seconds;
  f.energy = total_energy(phase.energy, phase.seconds, devices, arch).total();
  f.power_w = f.energy.value() / phase.seconds;
  put_utilization(f, phase.counts(), phase.seconds, dtype, arch);
  f.time = phase.split;
  f.bound = f.time.largest();
  if (simulated) f.operators = by_operator(phase, devices, arch);
  return f;
}

std::vector<PowerStretch> power_curve(const std::vector<Tally::Part>& stretches, std::uint32_t devices,
                                      const ArchSpec& arch) {
  std::vector<PowerStretch> curve;
  for (const Tally::Part& s : stretches) {
    if (s.seconds <= 0) continue;
    const double from = curve.empty() ? 0.0 : double{curve.back().to_s};
    curve.push_back(
        {from, from + s.seconds, total_energy(s.dynamic, s.seconds, devices, arch).value() / s.seconds});
  }
  return curve;
}

}  // namespace

void RunLog::add(const Phases& round, std::uint64_t times) {
  first_tokens_ = seconds() + static_cast<double>(times - 1) * round.seconds() + round.prefill.seconds;
  all_.prefill += round.prefill.times(times);
  all_.decode += round.decode.times(times);
  for (std::uint64_t i = 0; i < std::min(times, kRoundsDrawn); ++i) draw(round, 1);
  if (times > kRoundsDrawn) draw(round, times - kRoundsDrawn);
}

void RunLog::add_again(const Phases& part) {
  all_.prefill += part.prefill;
  draw(part, 1);
}

void RunLog::draw(const Phases& round, std::uint64_t times) {
  for (const Tally* phase : {&round.prefill, &round.decode}) {
    for (const Tally::Part& s : phase->stretches)
      curve_.push_back({s.seconds * static_cast<double>(times), s.dynamic * static_cast<double>(times)});
  }
}

RunResult RunLog::result(const StreamInfo& info, const OperatorRunner& runner,
                         const RuntimeSpec& runtime) const {
  const Tally& prefill = all_.prefill;
  const Tally& decode = all_.decode;
  const ArchSpec& arch = runner.arch();
  RunResult r;
  r.arch = arch.name;
  r.model = info.model;
  r.dtype = to_string(info.scenario.formats.arithmetic());
  r.weights = name_of(info.scenario.formats.most_weights());
  r.activations = name_of(info.scenario.formats.most_activations());
  r.kv = name_of(info.scenario.formats.kv);
  r.fidelity = to_string(runner.options().fidelity);
  r.runtime = runtime.name;
  r.node = arch.node.in_words(info.scenario.split.devices());
  r.batch = info.scenario.batch;
  r.input = info.scenario.input;
  r.output = info.scenario.output;
  r.devices = info.scenario.split.devices();
  const Parallelism& split = info.scenario.split;
  r.division = {split.tensor, split.pipeline, split.expert, split.data, split.context, info.micro_batches};
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
  r.actions = action_figures(r.counts, arch);
  r.cells_last_years = cell_life_years(arch, r.counts, r.latency_s);
  r.sharing = sharing_figures(whole.sharing);
  r.energy = reported_energy(whole.energy, r.latency_s, r.devices, arch);
  const DType arithmetic = info.scenario.formats.arithmetic();
  const bool simulated = runner.options().fidelity != Fidelity::roofline;  // there nothing is simulated
  r.prefill = phase_figures(prefill, r.devices, arithmetic, simulated, arch);
  if (decode.seconds > 0) r.decode = phase_figures(decode, r.devices, arithmetic, simulated, arch);
  r.power_over_time = power_curve(curve_, r.devices, arch);
  r.energy_per_token = r.energy.total() / tokens;
  r.average_power_w = r.energy.total().value() / r.latency_s;
  if (arch.die_mm2 > 0) r.area_mm2 = arch.die_mm2 * r.devices;
  put_utilization(r, r.counts, r.latency_s, arithmetic, arch);
  r.time = whole.split;
  r.bound = r.time.largest();
  r.decode_sampling_error = whole.largest_deviation;
  if (simulated) {
    r.operators = by_operator(whole, r.devices, arch);
    r.share = {runner.simulated_transactions(),  runner.simulated_kernels(),
               runner.simulated_granule_bytes(), whole.simulated / whole.seconds,
               whole.replayed / whole.seconds,   whole.replicated / whole.seconds};
  }
  r.info.cache_hits = runner.cache_hits();
  return r;
}

}  // namespace orrery
