#pragma once
// Files that a machine names (DRAM presets, energy table, kernel library, router, network), and their content
// in the names' place.

#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>

namespace orrery {

// Puts content in the place of every name. Throws ConfigError: a file that is not there, or that its schema
// refuses.
void put_content(nlohmann::json& arch);

// The machine as its schema knows it: names in the place of content. Content that `pointer` (in the
// configuration, "/arch/...") lies in is checked against its own schema, and a name against the files that
// are there. Throws ConfigError.
nlohmann::json checked_with_names(const nlohmann::json& arch, const std::string& pointer);

// Whether the machine names a file at this place of its configuration, or has its content there.
bool is_named_file(const nlohmann::json& arch, const std::string& pointer);

// Throws ConfigError: `part` against a schema by its name; `name` stands for the file.
void check_against(const nlohmann::json& part, const char* schema, const std::string& name);

}  // namespace orrery
