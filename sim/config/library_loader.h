#pragma once
// Kernel libraries (arch_configs/libraries, schema orrery/library/1).

#include "sim/config/library_spec.h"

namespace orrery {

std::vector<std::string> library_names();

// A library by name. `where` is the place that names it. Throws ConfigError.
LibrarySpec load_library(const std::string& name, const std::string& where);

}  // namespace orrery
