#pragma once
// Kernel libraries (arch_configs/libraries, schema orrery/library/1).

#include "sim/config/library_spec.h"
#include "sim/config/open_document.h"

namespace orrery {

template <>
const Table& table_of<VectorKernelSpec>();
template <>
const Table& table_of<LibrarySpec>();

inline constexpr DocumentKind kLibrary = {"orrery/library/1", "library", "libraries", &table_of<LibrarySpec>};

std::vector<std::string> library_names();

// A library by name, or its content. `where` is the place that names it. Throws
// ConfigError.
LibrarySpec load_library(const nlohmann::json& reference, const std::string& where);

}  // namespace orrery
