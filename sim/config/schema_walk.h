#pragma once
// Finds the part of a JSON Schema that governs a place in a document, to name what would be valid there.

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

namespace orrery {

// The subschemas (after $ref, allOf and if/then by `kind`) that apply to root[pointer].
std::vector<nlohmann::json> schemas_at(const nlohmann::json& schema, const nlohmann::json& root,
                                       const std::string& pointer);

// Keys valid in the object at `pointer`.
std::vector<std::string> valid_keys(const nlohmann::json& schema, const nlohmann::json& root,
                                    const std::string& pointer);

// What the schema asks of the value at `pointer`, in words: "number > 0", "one of a|b", ...
std::string expectation(const nlohmann::json& schema, const nlohmann::json& root, const std::string& pointer);

}  // namespace orrery
