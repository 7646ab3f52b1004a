#pragma once
// Whether a JSON value is what a JSON Schema asks, by a validator that knows nothing of this project.

#include <nlohmann/json.hpp>
#include <string>

namespace orrery::test {

// What is wrong with it; "" when nothing is.
std::string judged(const nlohmann::json& schema, const nlohmann::json& value);

// The same against the schema that `orrery schema NAME` prints.
std::string judged_by(const std::string& name, const nlohmann::json& value);

}  // namespace orrery::test
