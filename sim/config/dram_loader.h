#pragma once
// DRAM presets (schema orrery/dram/1, arch_configs/dram/NAME.yaml) and what a machine's `memory` entry adds.

#include <nlohmann/json.hpp>

#include "sim/config/arch_spec.h"
#include "sim/config/config_document.h"

namespace orrery {

// `level` is the machine's memory entry of kind dram, at `pointer` of `document`. Throws ConfigError.
DramSpec load_dram(const nlohmann::json& level, const ConfigDocument& document, const std::string& pointer);

}  // namespace orrery
