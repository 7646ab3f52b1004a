#include "sim/workload/traffic_load.h"

#include <cstdlib>

#include "sim/util/errors.h"

namespace orrery {

TrafficLoad parse_traffic_load(const std::string& text, double peak_bytes_per_s) {
  TrafficLoad load;
  if (text == "saturating") return load;
  if (text == "dependent") {
    load.kind = TrafficLoad::Kind::dependent;
    return load;
  }
  char* end = nullptr;
  const double share = std::strtod(text.c_str(), &end);
  if (text.empty() || *end != '\0' || !(share >= 0.001 && share <= 1)) {
    throw ConfigError(
        "", "load '" + text +
                "'; expected saturating, dependent or a share of the peak from 0.001 to 1, like 0.5");
  }
  load.kind = TrafficLoad::Kind::rate;
  load.bytes_per_s = share * peak_bytes_per_s;
  return load;
}

}  // namespace orrery
