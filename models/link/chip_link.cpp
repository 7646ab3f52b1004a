#include "models/link/chip_link.h"

#include <cmath>

namespace orrery {

ChipLink::ChipLink(const sc_core::sc_module_name& name, const LinkSpec& spec)
    : sc_module(name),
      fs_per_byte_(spec.bytes_per_s > 0 ? kFsPerSecond / spec.bytes_per_s : 0),
      latency_(from_ns(spec.latency_ns)) {}

ChipLink::Transfer ChipLink::send(std::uint64_t bytes, Femtoseconds t) {
  const Femtoseconds taken = service(bytes);
  const Femtoseconds end = calendar_.reserve(t, taken);
  return {end - taken, end + latency_};
}

Femtoseconds ChipLink::service(std::uint64_t bytes) const {
  return static_cast<Femtoseconds>(std::ceil(static_cast<double>(bytes) * fs_per_byte_));
}

}  // namespace orrery
