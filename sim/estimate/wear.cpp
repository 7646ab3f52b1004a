#include "sim/estimate/wear.h"

namespace orrery {

std::optional<double> cell_life_years(const ArchSpec& arch, const ActivityCounts& counts, double seconds) {
  const auto* crossbar = std::get_if<CrossbarSpec>(&arch.cores.matrix);
  if (crossbar == nullptr || crossbar->endurance_writes <= 0 || counts.cells_written == 0 || seconds <= 0)
    return std::nullopt;
  constexpr double kSecondsPerYear = 365.25 * 24 * 3600;
  const double cells = static_cast<double>(crossbar->count - crossbar->in_place) * arch.cores.count *
                       crossbar->rows * crossbar->usable_cols();
  const double writes_per_s = static_cast<double>(counts.cells_written) / cells / seconds;  // of a cell
  return crossbar->endurance_writes / writes_per_s / kSecondsPerYear;
}

}  // namespace orrery
