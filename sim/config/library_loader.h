#pragma once
// Kernel libraries (arch_configs/libraries, schema orrery/library/1).

#include "sim/config/config_document.h"
#include "sim/config/library_spec.h"

namespace orrery {

std::vector<std::string> library_names();

// A library by name, or its content (document_reference.h). `where` is the place that names it. Throws
// ConfigError.
LibrarySpec load_library(const nlohmann::json& reference, const std::string& where);

}  // namespace orrery
