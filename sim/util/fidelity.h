#pragma once
// How closely hardware is simulated: a closed-form bound, granule by granule, or cycle by cycle.

#include <cstdint>

#include "sim/util/enum_names.h"

namespace orrery {

enum class Fidelity : std::uint8_t { roofline, tile, cycle };
template <>
struct EnumNames<Fidelity> {
  static constexpr std::array<const char*, 3> kWords = {"roofline", "tile", "cycle"};
};

}  // namespace orrery
