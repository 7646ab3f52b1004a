#include "sim/stats/time_split.h"

namespace orrery {

const char* to_string(TimeCategory category) {
  static constexpr std::array<const char*, kTimeCategoryCount> kNames = {
      "compute", "vector", "dram", "shared", "noc", "link", "launch", "host", "wait"};
  return kNames[static_cast<std::size_t>(category)];
}

Femtoseconds TimeSplit::total() const {
  Femtoseconds sum = 0;
  for (const Femtoseconds t : parts_) sum += t;
  return sum;
}

TimeSplit& TimeSplit::operator+=(const TimeSplit& other) {
  for (std::size_t i = 0; i < kTimeCategoryCount; ++i) parts_[i] += other.parts_[i];
  return *this;
}

TimeSplit TimeSplit::operator-(const TimeSplit& other) const {
  TimeSplit result = *this;
  for (std::size_t i = 0; i < kTimeCategoryCount; ++i) result.parts_[i] -= other.parts_[i];
  return result;
}

TimeSplit TimeSplit::operator*(std::int64_t times) const {
  TimeSplit result = *this;
  for (Femtoseconds& t : result.parts_) t *= times;
  return result;
}

void TimeSplitSeconds::add(const TimeSplit& split, double weight) {
  for (std::size_t i = 0; i < kTimeCategoryCount; ++i) {
    parts[i] += weight * to_seconds(split[static_cast<TimeCategory>(i)]);
  }
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
