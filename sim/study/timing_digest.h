#pragma once
// What the timing of a configuration's machine depends on, as one word: kernels are stored under it. A price
// or a description is no part of it; energies are where they decide something: under a power cap, and where
// the mapper chooses among equally fast tilings.

#include <nlohmann/json.hpp>
#include <string>

namespace orrery {

std::string timing_digest(const nlohmann::json& configuration);

}  // namespace orrery
