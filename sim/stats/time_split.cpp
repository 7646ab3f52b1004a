#include "sim/stats/time_split.h"

namespace orrery {

Femtoseconds TimeSplit::total() const {
  Femtoseconds sum = 0;
  for (const Femtoseconds t : parts_) sum += t;
  return sum;
}

TimeSplit& TimeSplit::operator+=(const TimeSplit& other) {
  for (std::size_t i = 0; i < kTimeCategoryCount; ++i) parts_[i] += other.parts_[i];
  return *this;
}

TimeSplit TimeSplit::share(Femtoseconds t) const {
  TimeSplit result;
  const auto whole = static_cast<double>(total());
  if (t == 0 || whole <= 0) return result;
  std::size_t largest = 0;
  for (std::size_t i = 0; i < kTimeCategoryCount; ++i) {
    result.parts_[i] =
        static_cast<Femtoseconds>(static_cast<double>(parts_[i]) / whole * static_cast<double>(t));
    if (parts_[i] > parts_[largest]) largest = i;
  }
  result.parts_[largest] += t - result.total();
  return result;
}

void TimeSplitSeconds::add(const TimeSplit& split, double weight) {
  for (std::size_t i = 0; i < kTimeCategoryCount; ++i) {
    parts[i] += weight * to_seconds(split[static_cast<TimeCategory>(i)]);
  }
}

void TimeSplitSeconds::add(const TimeSplitSeconds& other, double weight) {
  for (std::size_t i = 0; i < kTimeCategoryCount; ++i) parts[i] += weight * other.parts[i];
}

double TimeSplitSeconds::total() const {
  double sum = 0;
  for (const double t : parts) sum += t;
  return sum;
}

TimeCategory TimeSplitSeconds::largest() const {
  std::size_t best = 0;
  for (std::size_t i = 1; i < kTimeCategoryCount; ++i) {
    if (static_cast<TimeCategory>(i) != TimeCategory::wait && parts[i] > parts[best]) best = i;
  }
  return static_cast<TimeCategory>(best);
}

}  // namespace orrery
