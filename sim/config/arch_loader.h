#pragma once
// Machine files (schema orrery/arch/1) -> ArchSpec. Schema and cross-check findings are thrown together.

#include <filesystem>
#include <string>

#include "sim/config/arch_spec.h"
#include "sim/config/config_document.h"

namespace orrery {

// A file whose numbers are not those of the catalogue's machine of its name is not that machine: "(changed)"
// is added to its name, so that no price, measurement or band of the real one is taken for its own.
ConfigDocument load_arch_document(const std::filesystem::path& path);
ArchSpec load_arch(const std::filesystem::path& path);
ArchSpec build_arch(const ConfigDocument& document);

// By the NAME of the command line (a path, or e.g. "gpu/a100-sxm-40gb").
ArchSpec load_arch_named(const std::string& name);

}  // namespace orrery
