#pragma once
// The keys of a shape and of all below it, for people: orrery schema NAME --format table.

#include <string>
#include <vector>

#include "sim/describe/shape.h"

namespace orrery {

struct KeyRow {
  std::string key;       // from the top: "chip.cores.count"
  std::string value;     // "integer, at least 1"
  std::string unit;      // "" = none
  std::string standing;  // where it is left out; "required" where it cannot be
  std::string bears;     // what it has a bearing on; of values, not of what groups them
  std::string sentence;
};

std::vector<KeyRow> key_reference(const Shape& shape);

}  // namespace orrery
