#pragma once
// YAML (and JSON, which is YAML) as JSON values, with the place of each in its file.

#include <filesystem>
#include <map>
#include <nlohmann/json.hpp>
#include <string>

#include "sim/config/source_position.h"

namespace orrery {

// The one document of `text`, in the file `name`; `positions` by JSON pointer. Throws ConfigError, with file,
// line and column: no YAML, a key twice, more than one document or none, what is no text, nested or repeated
// beyond any use.
nlohmann::json read_yaml(const std::string& text, const std::filesystem::path& name,
                         std::map<std::string, SourcePosition>& positions);

}  // namespace orrery
