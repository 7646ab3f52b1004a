#include "sim/serve/curve.h"

#include <algorithm>
#include <cmath>

namespace orrery {

void Curve::add(double from, double to, double value) {
  if (to <= from) return;
  end_ = std::max(end_, to);
  while (to > width_ * static_cast<double>(kMost)) {
    for (std::size_t i = 0; i < sums_.size(); i += 2)
      sums_[i / 2] = sums_[i] + (i + 1 < sums_.size() ? sums_[i + 1] : 0);
    sums_.resize((sums_.size() + 1) / 2);
    width_ *= 2;
  }
  const auto last = static_cast<std::size_t>(std::ceil(to / width_));
  if (last > sums_.size()) sums_.resize(last);
  for (auto i = static_cast<std::size_t>(from / width_); i < last; ++i) {
    const double begin = std::max(from, static_cast<double>(i) * width_);
    const double end = std::min(to, static_cast<double>(i + 1) * width_);
    if (end > begin) sums_[i] += value * (end - begin);
  }
}

double Curve::mean_between(double from, double to) const {
  if (to <= from) return 0;
  double sum = 0;
  for (std::size_t i = 0; i < sums_.size(); ++i) {
    const double first = static_cast<double>(i) * width_;
    const double last = std::min(end_, first + width_);
    const double begin = std::max(from, first);
    const double end = std::min(to, last);
    if (end > begin) sum += sums_[i] / (last - first) * (end - begin);
  }
  return sum / (to - from);
}

}  // namespace orrery
