#pragma once
// Where time goes along the critical path. The parts of a split sum to the time they split.

#include <array>
#include <cstdint>

#include "sim/util/enum_names.h"
#include "sim/util/units.h"

namespace orrery {

enum class TimeCategory : std::uint8_t {
  compute,
  vector,
  dram,
  shared,
  noc,
  link,
  launch,
  host,
  storage,
  wait
};
inline constexpr std::size_t kTimeCategoryCount = 10;
template <>
struct EnumNames<TimeCategory> {
  static constexpr std::array<const char*, kTimeCategoryCount> kWords = {
      "compute", "vector", "dram", "shared", "noc", "link", "launch", "host", "storage", "wait"};
};

class TimeSplit {
 public:
  void add(TimeCategory category, Femtoseconds t) { parts_[static_cast<std::size_t>(category)] += t; }
  Femtoseconds operator[](TimeCategory category) const { return parts_[static_cast<std::size_t>(category)]; }
  Femtoseconds total() const;
  TimeSplit& operator+=(const TimeSplit& other);
  // `t` split in this split's proportions, exactly (rounding goes to the largest part).
  TimeSplit share(Femtoseconds t) const;

 private:
  std::array<Femtoseconds, kTimeCategoryCount> parts_{};
};

// The same in seconds, for sums beyond the range of femtoseconds.
struct TimeSplitSeconds {
  std::array<double, kTimeCategoryCount> parts{};
  void add(const TimeSplit& split, double weight = 1.0);
  void add(const TimeSplitSeconds& other, double weight = 1.0);
  void add(TimeCategory category, double seconds) { parts[static_cast<std::size_t>(category)] += seconds; }
  double total() const;
  // The category with the largest share, `wait` left aside.
  TimeCategory largest() const;
};

}  // namespace orrery
