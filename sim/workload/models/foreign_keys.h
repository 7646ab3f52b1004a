#pragma once
// Keys of other people's files that no builder reads: which may be passed over, and which may not.

#include <nlohmann/json.hpp>
#include <string>

namespace orrery {

// A value that switches nothing on: null, false, 0, an empty text, list or object.
bool says_nothing(const nlohmann::json& value);

// Whether a key of this name, unread, could mean another shape, other bytes or other work than what is
// modelled. Names of training, of tokens, of numerics (eps, scales, positions' angles) do not.
bool bears_on_work(const std::string& key);

}  // namespace orrery
