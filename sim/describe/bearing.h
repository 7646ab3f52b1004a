#pragma once
// The part of a document that has a bearing on something: what is left is what a result depends on, so that
// a price or a description never makes a simulation another one.

#include <nlohmann/json.hpp>

#include "sim/describe/shape.h"

namespace orrery {

// The values of `object` whose keys bear on at least that: Bears::timing is what time depends on,
// Bears::energy that and energy, ... Keys that the table does not know stay.
nlohmann::json bearing(const Table& table, const nlohmann::json& object, Bears least);

}  // namespace orrery
