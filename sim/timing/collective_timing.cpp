#include "sim/timing/collective_timing.h"

namespace orrery {

std::uint32_t ring_steps(CollectiveKind kind, std::uint32_t devices) {
  if (devices <= 1) return 0;
  return (kind == CollectiveKind::all_reduce ? 2 : 1) * (devices - 1);
}

std::uint64_t ring_chunk_bytes(std::uint64_t bytes, std::uint32_t devices) {
  return ceil_div<std::uint64_t>(bytes, devices);
}

double ring_collective_s(CollectiveKind kind, const LinkSpec& link, std::uint64_t bytes,
                         std::uint32_t devices) {
  const double chunk = static_cast<double>(ring_chunk_bytes(bytes, devices));
  const double step_s = (link.latency_ns + link.step_ns) * 1e-9 + chunk / link.bytes_per_s;
  return link.base_ns * 1e-9 + ring_steps(kind, devices) * step_s;
}

}  // namespace orrery
