#pragma once
// A cost study as JSON and as words for people.

#include <nlohmann/json.hpp>
#include <string>

namespace orrery {

// The table and the explanation of a study (JSON as `orrery cost --format json` prints it).
std::string cost_table(const nlohmann::json& study);

}  // namespace orrery
