#include "sim/estimate/area.h"

#include <algorithm>

namespace orrery {

void grow_static_power(ArchSpec& arch, double from_mm2, double to_mm2) {
  const double grown = to_mm2 - from_mm2;
  arch.static_w = std::max(0.0, arch.static_w + arch.energy.leakage_w(grown));
  if (arch.active_w > 0) {
    arch.active_w = std::max(0.0, arch.active_w + arch.energy.clock_w(grown, arch.clock_hz));
  }
}

void move_to_process(ArchSpec& arch, double nm, const Technology& technology) {
  const bool moves = arch.process_nm > 0 && arch.process_nm != nm && !arch.reconfigurable;
  const double from_mm2 =
      moves && technology.has_process(arch.process_nm) ? chip_area(arch, technology).total() : 0;
  arch.process_nm = nm;
  if (!moves) return;
  arch.name += " (modified)";
  arch.die_mm2 = 0;
  const double to_mm2 = chip_area(arch, technology).total();
  if (from_mm2 > 0) grow_static_power(arch, from_mm2, to_mm2);
}

}  // namespace orrery
