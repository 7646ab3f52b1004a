#include "sim/stats/tally.h"

#include <algorithm>

namespace orrery {

Tally::Tally(OperatorKind kind, Femtoseconds time, const TimeSplit& where, const ActivityCounts& counts,
             const EnergyBreakdown& joules, Femtoseconds skipped)
    : seconds(to_seconds(time)),
      energy(joules),
      simulated(to_seconds(time - skipped)),
      replayed(to_seconds(skipped)),
      doubled_(counts * 2) {
  split.add(where);
  kinds[static_cast<std::size_t>(kind)] = {seconds, energy.total(), static_cast<double>(counts.total_macs()),
                                           static_cast<double>(counts.dram_bytes())};
}

Tally::Part& Tally::Part::operator+=(const Part& other) {
  seconds += other.seconds;
  dynamic += other.dynamic;
  macs += other.macs;
  dram_bytes += other.dram_bytes;
  return *this;
}

Tally::Part& Tally::Part::operator*=(double weight) {
  seconds *= weight;
  dynamic *= weight;
  macs *= weight;
  dram_bytes *= weight;
  return *this;
}

Tally Tally::as_replayed() const {
  Tally same = *this;
  same.simulated = same.replicated = 0;
  same.replayed = seconds;
  return same;
}

Tally Tally::as_replicated() const {
  Tally same = *this;
  same.simulated = same.replayed = 0;
  same.replicated = seconds;
  return same;
}

void Tally::add(TimeCategory category, double more) {
  split.add(category, more);
  seconds += more;
  simulated += more;
}

void Tally::at_least(TimeCategory category, double least, std::uint64_t dram_read_bytes) {
  if (least > seconds) {
    split.add(category, least - seconds);
    seconds = least;
  }
  doubled_.dram_read_bytes = std::max(doubled_.dram_read_bytes, 2 * dram_read_bytes);
}

Tally& Tally::operator+=(const Tally& other) {
  seconds += other.seconds;
  split.add(other.split);
  doubled_ += other.doubled_;
  energy += other.energy;
  for (std::size_t k = 0; k < kOperatorKinds; ++k) kinds[k] += other.kinds[k];
  for (std::size_t i = 0; i < kSharedWorks; ++i) sharing[i] += other.sharing[i];
  stretches.insert(stretches.end(), other.stretches.begin(), other.stretches.end());
  simulated += other.simulated;
  replayed += other.replayed;
  replicated += other.replicated;
  largest_deviation = std::max(largest_deviation, other.largest_deviation);
  return *this;
}

void Tally::add_storage(double waited, const ActivityCounts& reads, const EnergyBreakdown& energy_of_them) {
  add(TimeCategory::storage, waited);
  doubled_ += reads * 2;
  energy += energy_of_them;
}

Tally Tally::halves(std::uint64_t halves) const {
  const double weight = 0.5 * static_cast<double>(halves);
  Tally many = *this;
  many.seconds *= weight;
  for (double& part : many.split.parts) part *= weight;
  many.doubled_ = halves % 2 == 0 ? doubled_ * (halves / 2) : counts() * halves;
  many.energy = scaled(energy, weight);
  for (Part& kind : many.kinds) kind *= weight;
  for (Sharing& of : many.sharing) of = of * weight;
  for (Part& stretch : many.stretches) stretch *= weight;
  many.replicated += (weight - 1) * seconds;
  return many;
}

Tally Tally::with_work_of(const Tally& work, std::uint64_t stages) const {
  const double share = 1 / static_cast<double>(stages);
  Tally all = *this;
  all.doubled_ = work.doubled_ / stages;
  all.energy = scaled(work.energy, share);
  for (std::size_t k = 0; k < kOperatorKinds; ++k) {
    const double time = all.kinds[k].seconds;
    all.kinds[k] = work.kinds[k];
    all.kinds[k] *= share;
    all.kinds[k].seconds = time;
  }
  all.sharing = work.sharing;
  for (Sharing& of : all.sharing) of = of * share;
  all.close_stretch();
  return all;
}

void Tally::hide_collectives(double hidden) {
  double all = 0;
  const auto is_collective = [](std::size_t k) {
    return std::holds_alternative<CollectiveFamily>(kOperators[k].family);
  };
  for (std::size_t k = 0; k < kOperatorKinds; ++k) all += is_collective(k) ? kinds[k].seconds : 0;
  hidden = std::min({hidden, all, split.parts[static_cast<std::size_t>(TimeCategory::link)]});
  if (hidden <= 0) return;
  for (std::size_t k = 0; k < kOperatorKinds; ++k) {
    if (is_collective(k)) kinds[k].seconds *= 1 - hidden / all;
  }
  split.add(TimeCategory::link, -hidden);
  const double left = 1 - hidden / seconds;
  for (double* share : {&simulated, &replayed, &replicated}) *share *= left;
  seconds -= hidden;
}

Tally Tally::beside(double hidden) const {
  Tally t = *this;
  if (seconds <= 0) return t;
  const double left = 1 - std::min(hidden, seconds) / seconds;
  t.seconds *= left;
  for (double& part : t.split.parts) part *= left;
  for (Part& kind : t.kinds) kind.seconds *= left;
  for (double* share : {&t.simulated, &t.replayed, &t.replicated}) *share *= left;
  return t;
}

ActivityCounts Tally::counts() const {
  return doubled_ / 2;
}

}  // namespace orrery
