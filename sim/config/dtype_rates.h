#pragma once
// One number a format: rates of engines, energies of a MAC.

#include "sim/config/arch_spec.h"
#include "sim/describe/fields.h"

namespace orrery {

// {fp16: 1, int8: 2}: 0 where none is given; mixtures multiply in the 16-bit format that there is, unless
// they say otherwise.
DTypeRates dtype_rates(const nlohmann::json& object);
Shape dtype_rates_shape();

}  // namespace orrery
