#pragma once
// How closely hardware is simulated: a closed-form bound, granule by granule, or cycle by cycle.

#include <cstdint>
#include <string>

namespace orrery {

enum class Fidelity : std::uint8_t { roofline, tile, cycle };
const char* to_string(Fidelity fidelity);
// Throws ConfigError on another word.
Fidelity parse_fidelity(const std::string& text);

}  // namespace orrery
