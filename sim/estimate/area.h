#pragma once
// What a chip draws at rest as its die grows or moves to another process.

#include "sim/config/chip_area.h"

namespace orrery {

// What a die draws at rest follows its area: leakage by the energy table's W a mm2 and, where the clock draws
// apart from kernels, W a mm2 and GHz.
void grow_static_power(ArchSpec& arch, double from_mm2, double to_mm2);
// The chip in another process: as large as modelled there, static power with it, no longer the measured one.
// A chip whose process nobody said is only told. Throws ConfigError (technology lacks the process).
void move_to_process(ArchSpec& arch, double nm, const Technology& technology);

}  // namespace orrery
