#pragma once
// The options that say an operator and its shape.

#include "sim/config/arch_spec.h"
#include "sim/mapping/mapper.h"
#include "sim/workload/standalone_operator.h"
#include "tools/orrery/options.h"

namespace orrery {

// --op and the lengths of its family.
po::options_description operator_options();

// Throws UsageError: no such operator (its name elsewhere is known), a length that it needs or does not take.
Operator operator_from(const po::variables_map& values, const ArchSpec& arch, DType dtype);

// "128x256x64". Throws UsageError.
TileRequest tile_from(const std::string& text);

}  // namespace orrery
