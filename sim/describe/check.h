#pragma once
// Holds a document against the table of its keys: all findings at once, each with its place, the key path
// and, for a misspelt name, the nearest valid one.

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "sim/describe/shape.h"

namespace orrery {

struct Finding {
  std::string pointer;  // JSON pointer of what is at fault
  std::string message;
};

std::vector<Finding> check(const Table& table, const nlohmann::json& object);
std::vector<Finding> check(const Shape& shape, const nlohmann::json& value);

// What a shape asks of a value, in words: "number, greater than 0", "one of a|b", ...
std::string expectation(const Shape& shape);

}  // namespace orrery
