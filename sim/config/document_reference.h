#pragma once
// A file that another one names ("energy_table: n7"), or its content in the name's place: configurations that
// a sweep puts together hold all they depend on.

#include <filesystem>
#include <string>

#include "sim/config/config_document.h"

namespace orrery {

// `reference` is a name in `folder`, a path that ends in .yaml, or a mapping with its `name`. `where` and
// `what` ("DRAM preset") are for the message when there is no such file. Not validated yet.
ConfigDocument referenced_document(const nlohmann::json& reference, const std::filesystem::path& folder,
                                   const std::string& what, const std::string& where);
// The name it goes by.
std::string referenced_name(const nlohmann::json& reference);

// Names of the YAML files of a folder, sorted.
std::vector<std::string> names_in(const std::filesystem::path& folder);

}  // namespace orrery
