#pragma once
// Machine files (schema orrery/arch/1) -> ArchSpec. Schema and cross-check findings are thrown together.

#include <filesystem>
#include <string>

#include "sim/config/arch_spec.h"
#include "sim/config/config_document.h"

namespace orrery {

ArchSpec load_arch(const std::filesystem::path& path);
ArchSpec build_arch(const ConfigDocument& document);

// By the NAME of the command line (a path, or e.g. "gpu/a100-sxm-40gb").
ArchSpec load_arch_named(const std::string& name);

}  // namespace orrery
