#pragma once
// How far a result is expected to be off, from how far like ones were off measurements.

#include <optional>
#include <string>

namespace orrery {

struct ExpectedError {
  bool inside = false;         // this machine, stack, operator and range were measured
  std::optional<double> mean;  // mean absolute relative error; none where nothing is known
  std::optional<double> p90;   // nine of ten results are expected nearer than this
  std::string basis;           // what was measured and how this differs, in words
};

}  // namespace orrery
