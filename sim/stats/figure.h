#pragma once
// A number of a result: finite and not below zero. What is neither is refused where it arises, so that no
// table, file or search ever sees it.

namespace orrery {

// Throws SimulationError.
[[noreturn]] void throw_no_figure(double value);

class Figure {
 public:
  constexpr Figure() = default;
  // A double is a figure, and a figure a double: implicit on purpose.
  Figure(double value) : value_(value) {  // NOLINT(google-explicit-constructor)
    if (!(value >= 0 && value <= kLargest)) throw_no_figure(value);
  }
  constexpr operator double() const { return value_; }  // NOLINT(google-explicit-constructor)
  Figure& operator+=(double more) { return *this = Figure(value_ + more); }

 private:
  static constexpr double kLargest = 1.7976931348623157e308;
  double value_ = 0;
};

// A figure is a number in JSON, whichever library writes it.
template <class Json>
auto to_json(Json& value, const Figure& figure) -> decltype(value = double{}, void()) {
  value = static_cast<double>(figure);
}

}  // namespace orrery
