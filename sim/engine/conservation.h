#pragma once
// What must hold after every run, at any fidelity. Each throws SimulationError with the two figures, or with
// who waits for what.

#include <vector>

#include "models/core/component.h"
#include "sim/config/arch_spec.h"
#include "sim/program/program.h"
#include "sim/stats/activity_counts.h"

namespace orrery {

// A program may start: SystemC's clock has room.
void check_clock(Femtoseconds start);
// No component waits for anything.
void check_idle(const ArchSpec& arch, const std::vector<const Component*>& components);
// Bytes asked are bytes served at each level.
void check_conservation(const ArchSpec& arch, const ActivityCounts& counts);
// MACs and stores are those of the program's tiles.
void check_program(const ArchSpec& arch, const Program& program, const ActivityCounts& counts);

}  // namespace orrery
