#include "sim/engine/tally.h"

#include <algorithm>

namespace orrery {

Tally::Tally(const GraphOutcome& step) : seconds(to_seconds(step.time)) {
  split.add(step.split);
  doubled_ = step.counts * 2;
  energy = step.energy;
  stretches.push_back({seconds, step.energy.total()});
  for (std::size_t k = 0; k < kOperatorKinds; ++k)
    kinds[k] = {to_seconds(step.kinds[k].time), step.kinds[k].dynamic_j};
  simulated = to_seconds(step.simulated);
  replayed = to_seconds(step.replayed);
  replicated = to_seconds(step.replicated);
}

Tally& Tally::operator+=(const Tally& other) {
  seconds += other.seconds;
  for (std::size_t i = 0; i < kTimeCategoryCount; ++i) split.parts[i] += other.split.parts[i];
  doubled_ += other.doubled_;
  energy += other.energy;
  for (std::size_t k = 0; k < kOperatorKinds; ++k) {
    kinds[k].seconds += other.kinds[k].seconds;
    kinds[k].dynamic_j += other.kinds[k].dynamic_j;
  }
  stretches.insert(stretches.end(), other.stretches.begin(), other.stretches.end());
  simulated += other.simulated;
  replayed += other.replayed;
  replicated += other.replicated;
  largest_deviation = std::max(largest_deviation, other.largest_deviation);
  return *this;
}

Tally Tally::halves(std::uint64_t halves) const {
  const double weight = 0.5 * static_cast<double>(halves);
  Tally many = *this;
  many.seconds *= weight;
  for (double& part : many.split.parts) part *= weight;
  many.doubled_ = halves % 2 == 0 ? doubled_ * (halves / 2) : counts() * halves;
  many.energy = scaled(energy, weight);
  for (Kind& kind : many.kinds) {
    kind.seconds *= weight;
    kind.dynamic_j *= weight;
  }
  for (Stretch& stretch : many.stretches) {
    stretch.seconds *= weight;
    stretch.dynamic_j *= weight;
  }
  many.replicated += (weight - 1) * seconds;
  return many;
}

ActivityCounts Tally::counts() const {
  ActivityCounts all = doubled_;
  for (std::uint64_t& m : all.macs) m /= 2;
  for (const CounterInfo& c : counters()) all.*c.member /= 2;
  return all;
}

}  // namespace orrery
