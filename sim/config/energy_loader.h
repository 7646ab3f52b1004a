#pragma once
// Energy tables (schema orrery/energy/1, arch_configs/energy/NAME.yaml).

#include <string>

#include "sim/config/arch_spec.h"
#include "sim/config/open_document.h"

namespace orrery {

// Of machines and of the technologies they are made in.
template <>
const Table& table_of<CoreEnergyKeys>();
template <>
const Table& table_of<EnergyTable>();

inline constexpr DocumentKind kEnergyTable = {"orrery/energy/1", "energy table", "energy",
                                              &table_of<EnergyTable>};

// By name, or its content. `where` points at the machine's reference to the table.
// Throws ConfigError.
EnergyTable load_energy_table(const nlohmann::json& reference, const std::string& where);

}  // namespace orrery
