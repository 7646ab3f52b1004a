#include "sim/serve/distribution.h"

#include <algorithm>
#include <cmath>

namespace orrery {
namespace {

constexpr double kSmallest = 1e-7;
constexpr double kLargest = 1e8;
constexpr double kWidth = 0.002;  // of a bin, relative

std::size_t bin_count() {
  return static_cast<std::size_t>(std::log(kLargest / kSmallest) / kWidth) + 2;
}

double middle_of(std::size_t bin) {
  return bin == 0 ? 0 : kSmallest * std::exp((static_cast<double>(bin) - 0.5) * kWidth);
}

}  // namespace

void Distribution::count_in_bin(double value, std::uint64_t times) {
  std::size_t bin = 0;
  if (value > kSmallest)
    bin = std::min(bins_.size() - 1, static_cast<std::size_t>(std::log(value / kSmallest) / kWidth) + 1);
  bins_[bin] += times;
}

void Distribution::add(double value, std::uint64_t times) {
  count_ += times;
  sum_ += value * static_cast<double>(times);
  largest_ = std::max(largest_, value);
  if (bins_.empty() && kept_.size() + times <= kMostKept) {
    kept_.insert(kept_.end(), times, value);
    sorted_ = false;
    return;
  }
  if (bins_.empty()) {
    bins_.resize(bin_count());
    for (const double kept : kept_) count_in_bin(kept, 1);
    kept_.clear();
    kept_.shrink_to_fit();
  }
  count_in_bin(value, times);
}

double Distribution::percentile(double share) const {
  if (count_ == 0) return 0;
  if (bins_.empty()) {
    if (!sorted_) std::sort(kept_.begin(), kept_.end());
    sorted_ = true;
    const double place = share * static_cast<double>(kept_.size() - 1);
    const auto below = static_cast<std::size_t>(place);
    const std::size_t above = std::min(below + 1, kept_.size() - 1);
    return kept_[below] + (kept_[above] - kept_[below]) * (place - static_cast<double>(below));
  }
  const double wanted = share * static_cast<double>(count_);
  double seen = 0;
  for (std::size_t bin = 0; bin < bins_.size(); ++bin) {
    seen += static_cast<double>(bins_[bin]);
    if (seen >= wanted && bins_[bin] > 0) return std::min(middle_of(bin), largest_);
  }
  return largest_;
}

}  // namespace orrery
