#pragma once
// A quantity over time, as means over equal stretches; few of them, however long it goes on.

#include <cstddef>
#include <vector>

namespace orrery {

class Curve {
 public:
  // The quantity is `value` between two times, from 0 on in any order; where several are added they add up.
  void add(double from, double to, double value);

  double width() const { return width_; }
  std::size_t size() const { return sums_.size(); }
  // Over [from, to].
  double mean_between(double from, double to) const;

 private:
  static constexpr std::size_t kMost = 128;
  double width_ = 0.01;
  double end_ = 0;  // of the last stretch, which may not be full yet
  std::vector<double> sums_;
};

}  // namespace orrery
