#pragma once
// DRAM presets (arch_configs/dram, schema orrery/dram/1) and the `dram` level of a machine that names one.

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "sim/config/arch_spec.h"
#include "sim/config/config_document.h"
#include "sim/config/dram_device.h"

namespace orrery {

std::vector<std::string> dram_preset_names();

// A preset by name or by path of a YAML file. Throws ConfigError: no such preset, schema, contradictory
// timings.
DramDevice load_dram_device(const std::string& preset);

// The DRAM of a machine: its preset's timings with what the level overrides.
DramSpec load_dram(const nlohmann::json& level, const ConfigDocument& document, const std::string& pointer);

// What contradicts itself in a device; empty when nothing does.
std::vector<Diagnostic> check_dram_device(const DramDevice& device, const std::string& where);

}  // namespace orrery
