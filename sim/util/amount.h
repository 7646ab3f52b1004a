#pragma once
// Amounts that cannot be mixed up: bytes are no cycles, and neither is a count. An amount is made of a bare
// number by naming its unit, Bytes{n}, and gives it back by value(); sums, differences, multiples and ratios
// need no leave. Time is Femtoseconds (units.h).

#include <cstdint>
#include <type_traits>

namespace orrery {

template <class Tag, class Rep>
class Amount {
 public:
  constexpr Amount() = default;
  constexpr explicit Amount(Rep value) : value_(value) {}
  constexpr Rep value() const { return value_; }
  // For rates, which are real numbers.
  constexpr double real() const { return static_cast<double>(value_); }

  constexpr Amount& operator+=(Amount o) {
    value_ += o.value_;
    return *this;
  }
  constexpr Amount& operator-=(Amount o) {
    value_ -= o.value_;
    return *this;
  }
  constexpr Amount& operator*=(Rep times) {
    value_ = value_ * times;
    return *this;
  }

  friend constexpr Amount operator+(Amount a, Amount b) { return Amount{a.value_ + b.value_}; }
  friend constexpr Amount operator-(Amount a, Amount b) { return Amount{a.value_ - b.value_}; }
  friend constexpr Amount operator*(Amount a, Rep times) { return Amount{a.value_ * times}; }
  friend constexpr Amount operator*(Rep times, Amount a) { return Amount{times * a.value_}; }
  friend constexpr Amount operator/(Amount a, Rep by) { return Amount{a.value_ / by}; }
  // How many times, whole ones where the amounts are.
  friend constexpr Rep operator/(Amount a, Amount b) { return a.value_ / b.value_; }
  template <class R = Rep, class = std::enable_if_t<std::is_integral_v<R>>>
  friend constexpr Amount operator%(Amount a, Amount b) {
    return Amount{static_cast<R>(a.value_ % b.value_)};
  }

  friend constexpr bool operator==(Amount a, Amount b) { return a.value_ == b.value_; }
  friend constexpr bool operator!=(Amount a, Amount b) { return a.value_ != b.value_; }
  friend constexpr bool operator<(Amount a, Amount b) { return a.value_ < b.value_; }
  friend constexpr bool operator<=(Amount a, Amount b) { return a.value_ <= b.value_; }
  friend constexpr bool operator>(Amount a, Amount b) { return a.value_ > b.value_; }
  friend constexpr bool operator>=(Amount a, Amount b) { return a.value_ >= b.value_; }

 private:
  Rep value_{};
};

// How often `b` goes into `a`, begun ones counted.
template <class Tag, class Rep>
constexpr Rep ceil_div(Amount<Tag, Rep> a, Amount<Tag, Rep> b) {
  return (a.value() + b.value() - 1) / b.value();
}

using Bytes = Amount<struct BytesTag, std::uint64_t>;
using Cycles = Amount<struct CyclesTag, std::uint64_t>;
using PartCycles = Amount<struct CyclesTag, double>;  // of what takes less than whole ones

}  // namespace orrery
