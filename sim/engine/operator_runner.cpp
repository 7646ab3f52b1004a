#include "sim/engine/operator_runner.h"

#include <fmt/format.h>

#include <algorithm>

#include "sim/engine/machine.h"
#include "sim/engine/power_cap.h"
#include "sim/engine/roofline.h"
#include "sim/engine/shape_key.h"
#include "sim/estimate/energy.h"
#include "sim/mapping/kernel_estimate.h"
#include "sim/timing/matrix_timing.h"
#include "sim/util/errors.h"
#include "sim/workload/operator_counts.h"

namespace orrery {
namespace {

// Candidates whose estimate lies within this share of the best are simulated, as long as that stays cheap.
constexpr double kNearTie = 0.25;
constexpr std::size_t kMostCandidates = 20;
constexpr std::uint64_t kStageBudget = 8'000;  // stages simulated beyond the first candidate's
constexpr std::uint64_t kCheapStages = 1'000;  // a candidate this small is always simulated
// Where the first candidate came out slower than its estimate by this share, more is spent on the others.
constexpr double kSurprise = 0.05;
constexpr std::uint64_t kSurpriseBudget = 60'000;
constexpr double kLongestKernel_s = 2000;  // simulated time is counted in femtoseconds

// On-chip states are told apart by cells of this share of an operator's bytes.
constexpr double kSameState = 1.0 / 128;

// The largest power of two within kSameState of the operator's bytes.
std::uint64_t state_grain(const Operator& op) {
  const OperatorBytes bytes = operator_bytes(op);
  const double most = kSameState * (static_cast<double>(bytes.read) + static_cast<double>(bytes.written));
  std::uint64_t grain = 1;
  while (2 * static_cast<double>(grain) <= most) grain *= 2;
  return grain;
}

std::uint64_t stages(const Program& program) {
  std::uint64_t sum = 0;
  for (const Task& task : program.tasks) {
    const auto* launch = std::get_if<KernelLaunch>(&task.work);
    if (launch == nullptr) continue;
    for (const TileKernel& kernel : launch->kernels())
      sum += kernel.items() * ceil_div<std::uint64_t>(kernel.k_tiles(), kernel.split_k);
  }
  return sum;
}

// What is run by: the fastest and, of those within a per cent of it, the one that takes the least energy; or
// the least energy, or energy times time, whatever the time. A library's choice is its own.
std::size_t chosen_by(MapObjective objective, const ArchSpec& arch, const std::vector<OperatorRun>& runs,
                      std::size_t fastest) {
  if (arch.execution.library && objective == MapObjective::time) return fastest;
  const auto cost = [&](const OperatorRun& o) {
    const double seconds = o.tally.seconds;
    return objective_cost(objective, total_energy(o.tally.energy, seconds, 1, arch).total(), seconds);
  };
  std::size_t best = fastest;
  for (std::size_t i = 0; i < runs.size(); ++i) {
    const bool near = runs[i].tally.seconds <= (1 + kAsFast) * runs[fastest].tally.seconds;
    if ((objective != MapObjective::time || near) && cost(runs[i]) < cost(runs[best])) best = i;
  }
  return best;
}

// What fidelity `cycle` does not have, before a machine is elaborated for nothing.
void refuse_at_cycle(const ArchSpec& arch, const Program& program) {
  if (arch.network.multicast)
    throw ConfigError(arch.name,
                      "fidelity cycle sends every core its own copy; this network multicasts: set "
                      "chip.network.multicast to false to compare, or use fidelity tile");
  for (const Task& task : program.tasks) {
    if (std::holds_alternative<CollectiveTask>(task.work))
      throw SimulationError(arch.name, "fidelity cycle simulates one chip: it has no collectives");
  }
}

}  // namespace

OperatorRunner::OperatorRunner(const ArchSpec& arch, const RunnerOptions& options)
    : arch_(arch), options_(options), mapper_(arch) {}

const OperatorRun& OperatorRunner::run(const Operator& op, const OnChip& on_chip, bool cold) {
  const std::string shape = shape_key(op);
  std::string key = shape;
  append_key(key, cold ? 1 : 0);
  const std::uint64_t grain = options_.exact ? 1 : state_grain(op);
  for (const ResidentTensor& r : on_chip.tensors) {
    append_key(key, r.tensor.value);
    append_key(key, r.bytes.value() / grain);
    append_key(key, r.dirty_bytes.value() / grain);
  }
  append_key(key, on_chip.other_dirty_bytes.value() / grain);
  const auto [it, fresh] = index_.emplace(key, runs_.size());
  last_key_ = it->second;
  replayed_ = !fresh && !options_.exact;
  if (replayed_) {
    ++cache_hits_;
    return *runs_[last_key_];
  }
  if (operator_macs(op) > 0) check_format(arch_, op.dtype);
  auto done = std::make_unique<OperatorRun>(
      options_.fidelity == Fidelity::roofline ? bound(op, cold)
      : remembers()                           ? remembered(op, shape, on_chip)
                    : simulate(op, shape, on_chip, fresh ? nullptr : runs_[last_key_].get()));
  if (fresh) {
    runs_.push_back(std::move(done));
  } else {
    runs_[last_key_] = std::move(done);
  }
  return *runs_[last_key_];
}

OperatorRun OperatorRunner::bound(const Operator& op, bool cold) const {
  const RooflineBound roof = roofline(op, arch_, cold);
  const CappedBound capped = bound_under_cap(arch_, describe(op), roof);
  const Femtoseconds time = from_seconds(capped.seconds);
  TimeSplit split;
  split.add(roof.bound, time);
  EnergyBreakdown energy = dynamic_energy(roof.counts, arch_, capped.clock_factor);
  energy += active_energy(capped.seconds, arch_, capped.clock_factor);
  return {Tally(op.kind, time, split, roof.counts, energy, 0), capped.clock_factor, {}, "roofline", 0};
}

double OperatorRunner::first_clock(const Candidate& candidate) const {
  if (arch_.power_cap_w <= 0) return 1;
  const KernelEstimate estimate(arch_);
  ActivityCounts counts;
  for (const Task& task : candidate.program.tasks) {
    const auto* launch = std::get_if<KernelLaunch>(&task.work);
    if (launch == nullptr) continue;
    for (const TileKernel& kernel : launch->kernels()) counts += estimate.counts(kernel);
  }
  return guess_clock(arch_, counts, candidate.estimate_s, estimate.dram_seconds(counts));
}

OperatorRun OperatorRunner::run_candidate(const Operator& op, const Candidate& candidate,
                                          const OnChip& on_chip, double first_factor, double limit_s) {
  CappedRun capped = run_under_cap(
      arch_, describe(op),
      [&](double factor) {
        machine_->set_clock_factor(factor);
        ProgramOutcome run = machine_->run(candidate.program, on_chip, !options_.exact);
        transactions_ += run.simulated_counts.granules;
        granule_bytes_ +=
            run.simulated_counts.requested_read_bytes + run.simulated_counts.requested_write_bytes;
        ++kernels_;
        return run;
      },
      first_factor, limit_s);
  ProgramOutcome& run = capped.run;
  last_outcome_ = {run.time, run.skipped, run.split, run.counts, run.sharing};
  return {tally_of(op, last_outcome_, capped.clock_factor), capped.clock_factor, std::move(run.on_chip),
          candidate.description, 0};
}

Tally OperatorRunner::tally_of(const Operator& op, const KernelOutcome& outcome, double clock_factor) const {
  EnergyBreakdown energy = dynamic_energy(outcome.counts, arch_, clock_factor);
  energy += active_energy(to_seconds(outcome.time), arch_, clock_factor);
  Tally tally(op.kind, outcome.time, outcome.split, outcome.counts, energy, outcome.skipped);
  tally.sharing = outcome.sharing;
  return tally;
}

bool OperatorRunner::remembers() const {
  // Whose kernels a library chooses are remembered by what their time depends on: choices by energy are not.
  const bool by_time = options_.objective == MapObjective::time || !arch_.execution.library;
  return options_.memory != nullptr && by_time && !options_.exact && !options_.tile.any() &&
         options_.fidelity == Fidelity::tile;
}

OperatorRun OperatorRunner::remembered(const Operator& op, const std::string& shape, const OnChip& on_chip) {
  std::string key = shape;
  append_key(key, static_cast<std::uint64_t>(options_.objective));
  for (const ResidentTensor& r : on_chip.tensors) {
    append_key(key, r.tensor.value);
    append_key(key, r.bytes.value());
    append_key(key, r.dirty_bytes.value());
  }
  append_key(key, on_chip.other_dirty_bytes.value());
  if (std::optional<RememberedKernel> known = options_.memory->find(key)) {
    ++store_hits_;
    transactions_ += known->transactions;
    granule_bytes_ += known->granule_bytes;
    kernels_ += known->kernels;
    return {tally_of(op, known->outcome, known->clock_factor), known->clock_factor, std::move(known->on_chip),
            known->mapping, known->candidate};
  }
  const std::uint64_t before[] = {transactions_, granule_bytes_, kernels_};
  OperatorRun run = simulate(op, shape, on_chip, nullptr);
  options_.memory->keep(key, {outcome_, run.on_chip, run.clock_factor, run.mapping, run.candidate,
                              transactions_ - before[0], granule_bytes_ - before[1], kernels_ - before[2]});
  return run;
}

OperatorRun OperatorRunner::simulate(const Operator& op, const std::string& shape, const OnChip& on_chip,
                                     const OperatorRun* chosen) {
  auto found = mappings_.find(shape);
  if (found == mappings_.end())
    found =
        mappings_.emplace(shape, mapper_.map(op, kMostCandidates, options_.tile, options_.objective)).first;
  const std::vector<Candidate>& candidates = found->second;
  if (candidates.front().estimate_s > kLongestKernel_s) {
    throw ConfigError(
        "", fmt::format("{} would take about {:.0f} s on {}; kernels of up to {:.0f} s are simulated",
                        describe(op), candidates.front().estimate_s, arch_.name, kLongestKernel_s));
  }
  if (options_.fidelity == Fidelity::cycle) refuse_at_cycle(arch_, candidates.front().program);
  if (!machine_) machine_ = std::make_unique<Machine>(arch_, options_.fidelity);
  std::vector<OperatorRun> runs;
  std::vector<KernelOutcome> outcomes;
  std::size_t fastest = 0;
  std::uint64_t spent = 0;
  double off = 1;  // by how much the candidate before came to rest from its guess under the power cap
  for (std::size_t i = 0; i < candidates.size(); ++i) {
    if (chosen != nullptr && i != chosen->candidate) continue;
    const Candidate& candidate = candidates[i];
    if (chosen == nullptr && candidate.estimate_s > candidates[0].estimate_s * (1 + kNearTie)) continue;
    if (chosen == nullptr && i > 0) {
      const std::uint64_t cost = stages(candidate.program);
      const double best_s = runs[fastest].tally.seconds;
      const bool surprised =
          best_s > candidates[0].estimate_s * (1 + kSurprise) && candidate.estimate_s < best_s;
      const bool first_thrifty = candidate.thrifty && !candidates[i - 1].thrifty;
      if (!first_thrifty && cost > kCheapStages &&
          spent + cost > (surprised ? kSurpriseBudget : kStageBudget))
        continue;
      spent += cost;
    }
    // Those slower than what is as fast as the best are not chosen by their time.
    const double limit = runs.empty() || options_.objective != MapObjective::time
                             ? 0
                             : (1 + kAsFast) * runs[fastest].tally.seconds;
    const double guess = first_clock(candidate);
    OperatorRun run = run_candidate(op, candidate, on_chip, guess * off, limit);
    run.candidate = i;
    if (limit == 0 || run.tally.seconds <= limit) off = run.clock_factor / guess;
    runs.push_back(std::move(run));
    outcomes.push_back(last_outcome_);
    if (runs.back().tally.seconds < runs[fastest].tally.seconds) fastest = runs.size() - 1;
  }
  const std::size_t best = chosen_by(options_.objective, arch_, runs, fastest);
  outcome_ = outcomes[best];
  return std::move(runs[best]);
}

}  // namespace orrery
