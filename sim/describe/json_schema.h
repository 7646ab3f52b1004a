#pragma once
// A shape as a JSON Schema (draft 7), for editors and other people's tools. A number may stand in long form
// {value, source, grade, ...} wherever a plain one may.

#include <nlohmann/json.hpp>
#include <string>

#include "sim/describe/shape.h"

namespace orrery {

nlohmann::ordered_json json_schema(const Shape& shape, const std::string& title);

}  // namespace orrery
