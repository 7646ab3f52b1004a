#pragma once
// Machines as they are shipped, for operators of any size.

#include <string>

#include "sim/config/arch_loader.h"

namespace orrery::test {

// Crossbars hold whatever weights there are.
inline ArchSpec shipped_machine(const std::string& name) {
  ArchSpec arch = load_arch_named(name);
  auto* crossbar = std::get_if<CrossbarSpec>(&arch.cores.matrix);
  if (crossbar == nullptr || crossbar->in_place == 0) return arch;
  constexpr std::uint32_t kRoom = 1U << 23;
  crossbar->count += kRoom;
  crossbar->in_place += kRoom;
  return arch;
}

}  // namespace orrery::test
