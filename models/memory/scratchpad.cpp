#include "models/memory/scratchpad.h"

#include <fmt/format.h>

#include "sim/util/errors.h"

namespace orrery {

Scratchpad::Scratchpad(const sc_core::sc_module_name& name, const ScratchpadSpec& spec,
                       const ClockDomain& clock)
    : sc_module(name), spec_(spec), clock_(clock) {}

void Scratchpad::allocate(std::uint64_t bytes) {
  if (bytes > spec_.size_bytes) {
    throw SimulationError(
        name(), fmt::format("the kernel's buffers take {} bytes, the scratchpad has {} ({} too many)", bytes,
                            spec_.size_bytes, bytes - spec_.size_bytes));
  }
  allocated_ = bytes;
}

Femtoseconds Scratchpad::service(std::uint64_t bytes) const {
  return clock_.cycles(ceil_div<std::uint64_t>(bytes, spec_.bytes_per_cycle()));
}

}  // namespace orrery
