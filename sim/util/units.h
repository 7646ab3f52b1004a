#pragma once
// Units used across Orrery. Simulated time is an integer number of femtoseconds (the SystemC resolution), so
// sums are exact and a run is the same on every host. Rates are GB/s with GB = 1e9; capacities GiB = 2^30.

#include <cmath>
#include <cstdint>

namespace orrery {

using Femtoseconds = std::int64_t;  // 2^63 fs = 9223 s: longer sums are taken in seconds (double)

inline constexpr double kFsPerSecond = 1e15;
inline constexpr double kFsPerNs = 1e6;
inline constexpr std::uint64_t kKiB = 1024;
inline constexpr std::uint64_t kMiB = 1024 * kKiB;
inline constexpr std::uint64_t kGiB = 1024 * kMiB;
inline constexpr double kHoursAYear = 8766;

// What one conversion may come to; sums of a few such still fit into Femtoseconds.
inline constexpr double kLongestDuration = 4e18;

// Throws SimulationError: a duration that is negative, undefined, or beyond kLongestDuration.
[[noreturn]] void throw_time_range(double femtoseconds);

inline double to_seconds(Femtoseconds t) {
  return static_cast<double>(t) / kFsPerSecond;
}
// The one way from a real number to time. Rounds up: a resource is never faster than its rate.
inline Femtoseconds from_femtoseconds(double fs) {
  if (!(fs >= 0 && fs <= kLongestDuration)) throw_time_range(fs);
  return static_cast<Femtoseconds>(std::ceil(fs));
}
inline Femtoseconds from_seconds(double s) {
  return from_femtoseconds(s * kFsPerSecond);
}
inline Femtoseconds from_ns(double ns) {
  return from_femtoseconds(ns * kFsPerNs);
}

template <class Integer>
constexpr Integer ceil_div(Integer a, Integer b) {
  return (a + b - 1) / b;
}
template <class Integer>
constexpr Integer round_up(Integer a, Integer b) {
  return ceil_div(a, b) * b;
}

}  // namespace orrery
