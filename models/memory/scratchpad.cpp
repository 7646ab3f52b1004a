#include "models/memory/scratchpad.h"

#include <fmt/format.h>

#include "sim/util/errors.h"

namespace orrery {

Scratchpad::Scratchpad(const sc_core::sc_module_name& name, const ScratchpadSpec& spec,
                       const ClockDomain& clock)
    : sc_module(name), spec_(spec), clock_(clock) {}

void Scratchpad::allocate(Bytes bytes) {
  const Bytes size{spec_.size_bytes};
  if (bytes > size) {
    throw SimulationError(
        name(), fmt::format("the kernel's buffers take {} bytes, the scratchpad has {} ({} too many)",
                            bytes.value(), size.value(), (bytes - size).value()));
  }
  allocated_ = bytes;
}

Femtoseconds Scratchpad::service(Bytes bytes) const {
  return clock_.time(Cycles{ceil_div<std::uint64_t>(bytes.value(), spec_.bytes_per_cycle())});
}

}  // namespace orrery
