#pragma once
// SystemC as Orrery uses it: femtosecond resolution, one elaboration a process, reports as exceptions.

#include "sim/util/units.h"

namespace orrery {

// Before the first module. Throws SimulationError when this process has already elaborated something.
void prepare_systemc();

// Runs until no event is left, or for `duration`. What a process throws arrives as SimulationError.
void start_simulation();
void start_simulation(Femtoseconds duration);

}  // namespace orrery
