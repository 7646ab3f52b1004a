#pragma once
// Cross-checks of a machine that a schema cannot express; each finding points at its line.

#include <vector>

#include "sim/config/arch_spec.h"
#include "sim/config/config_document.h"

namespace orrery {

std::vector<Diagnostic> check_arch(const ArchSpec& arch, const ConfigDocument& document);

}  // namespace orrery
