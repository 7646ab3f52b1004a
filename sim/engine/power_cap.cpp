#include "sim/engine/power_cap.h"

#include "sim/estimate/energy.h"

namespace orrery {

double kernel_power_w(const ArchSpec& arch, const ActivityCounts& counts, double seconds,
                      double clock_factor) {
  if (seconds <= 0) return 0;
  EnergyBreakdown chip = dynamic_energy(counts, arch, clock_factor);
  chip += active_energy(seconds, arch, clock_factor);
  return total_energy(chip, seconds, 1, arch).total() / seconds;
}

double capped_clock_factor(const ArchSpec& arch, const ActivityCounts& counts, const TimeSplit& split,
                           double simulated) {
  if (arch.power_cap_w <= 0) return 1;
  double clocked_s = 0;
  for (const TimeCategory c :
       {TimeCategory::compute, TimeCategory::vector, TimeCategory::shared, TimeCategory::noc})
    clocked_s += to_seconds(split[c]);
  const double fixed_s = to_seconds(split.total()) - clocked_s;
  const auto fits = [&](double factor) {
    return kernel_power_w(arch, counts, fixed_s + clocked_s * simulated / factor, factor) <= arch.power_cap_w;
  };
  if (fits(1)) return 1;
  constexpr double kLeast = 0.2;  // boards do not go lower
  double low = kLeast;
  double high = 1;
  for (int i = 0; i < 30; ++i) {
    const double middle = (low + high) / 2;
    (fits(middle) ? low : high) = middle;
  }
  return low;
}

}  // namespace orrery
