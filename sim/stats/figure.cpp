#include "sim/stats/figure.h"

#include <string>

#include "sim/util/errors.h"

namespace orrery {

void throw_no_figure(double value) {
  throw SimulationError("result", "a figure came out as " + std::to_string(value) +
                                      ", which is no time, energy, rate or share");
}

}  // namespace orrery
