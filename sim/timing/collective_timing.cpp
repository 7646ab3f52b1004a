#include "sim/timing/collective_timing.h"

#include "sim/util/units.h"

namespace orrery {

std::uint32_t ring_steps(CollectiveOperation kind, std::uint32_t devices) {
  if (devices <= 1) return 0;
  return (kind == CollectiveOperation::all_reduce ? 2 : 1) * (devices - 1);
}

std::uint64_t ring_chunk_bytes(std::uint64_t bytes, std::uint32_t devices) {
  return ceil_div<std::uint64_t>(bytes, devices);
}

double ring_collective_s(CollectiveOperation kind, const NodeSpec& node, const CollectiveProtocol& protocol,
                         std::uint64_t bytes, std::uint32_t devices) {
  const double rate = node.link.bytes_per_s * node.link.payload_share() * protocol.share;
  const double chunk = static_cast<double>(ring_chunk_bytes(bytes, devices));
  const double step_s = (node.link.latency_ns + protocol.step_ns) * 1e-9 + chunk / rate;
  return protocol.base_ns * 1e-9 + ring_steps(kind, devices) * step_s;
}

}  // namespace orrery
