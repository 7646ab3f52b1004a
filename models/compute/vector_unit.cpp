#include "models/compute/vector_unit.h"

namespace orrery {

VectorUnit::VectorUnit(const sc_core::sc_module_name& name, const VectorUnitSpec& spec,
                       const ClockDomain& clock)
    : sc_module(name), spec_(spec), clock_(clock) {}

}  // namespace orrery
