#pragma once
// Values of which mean and percentiles are asked for: kept one by one while they are few, counted in bins of
// 0.2 % beyond, so that memory is bounded.

#include <array>
#include <cstdint>
#include <vector>

namespace orrery {

class Distribution {
 public:
  // `times` values of at least 0.
  void add(double value, std::uint64_t times = 1);

  std::uint64_t count() const { return count_; }
  double mean() const { return count_ > 0 ? sum_ / static_cast<double>(count_) : 0; }
  double largest() const { return largest_; }
  // 0 <= share <= 1; 0 of no values. Between two values on a straight line, as NumPy's.
  double percentile(double share) const;

 private:
  static constexpr std::size_t kMostKept = 65536;
  std::uint64_t count_ = 0;
  double sum_ = 0, largest_ = 0;
  mutable std::vector<double> kept_;  // sorted when it is asked
  mutable bool sorted_ = true;
  std::vector<std::uint64_t> bins_;  // empty while values are kept

  void count_in_bin(double value, std::uint64_t times);
};

}  // namespace orrery
