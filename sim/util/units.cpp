#include "sim/util/units.h"

#include <string>

#include "sim/util/checked.h"
#include "sim/util/errors.h"

namespace orrery {

void throw_time_range(double femtoseconds) {
  if (!(femtoseconds >= 0)) throw SimulationError("time", "a duration came out negative or undefined");
  throw SimulationError(
      "time", "a single event would take " + std::to_string(femtoseconds / kFsPerSecond) + " s; up to " +
                  std::to_string(static_cast<int>(kLongestDuration / kFsPerSecond)) + " s are simulated");
}

void throw_size_overflow() {
  throw ConfigError("",
                    "a number of elements, bytes or operations is beyond 2^64: the sizes asked for are too "
                    "large");
}

}  // namespace orrery
