#pragma once
// Files that a machine names (DRAM presets, energy table, kernel library, router, network), and their content
// in the names' place: a configuration holds all that it depends on.

#include <nlohmann/json.hpp>
#include <string>

namespace orrery {

// Puts content in the place of every name. Throws ConfigError: a file that is not there, or that its table
// refuses.
void put_content(nlohmann::json& arch);

// Throws ConfigError: a name that no file has.
void check_names(const nlohmann::json& arch);

// Whether the machine names a file at this place of its configuration ("/arch/..."), or has its content
// there.
bool is_named_file(const nlohmann::json& arch, const std::string& pointer);

}  // namespace orrery
