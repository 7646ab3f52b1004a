#pragma once
// Energy tables (schema orrery/energy/1, arch_configs/energy/NAME.yaml).

#include <string>

#include "sim/config/arch_spec.h"
#include "sim/config/config_document.h"

namespace orrery {

// By name, or its content (document_reference.h). `where` points at the machine's reference to the table.
// Throws ConfigError.
EnergyTable load_energy_table(const nlohmann::json& reference, const std::string& where);

}  // namespace orrery
