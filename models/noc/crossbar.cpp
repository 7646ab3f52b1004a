#include "models/noc/crossbar.h"

#include <cmath>

namespace orrery {

Crossbar::Crossbar(const sc_core::sc_module_name& name, const NetworkSpec& spec, double link_bytes_per_s,
                   std::uint32_t cores, const ClockDomain& clock, ActivityCounts& counts)
    : Network(name),
      fs_per_byte_(clock.fs_per_cycle() / spec.port_bytes_per_cycle),
      link_fs_per_byte_(link_bytes_per_s > 0 ? kFsPerSecond / link_bytes_per_s : fs_per_byte_),
      latency_(from_ns(spec.latency_ns)),
      counts_(counts),
      to_core_(cores + std::size_t{1}),
      from_core_(cores + std::size_t{1}) {}

Reservation Crossbar::reserve(const Granule& granule, Femtoseconds t) {
  counts_.noc_bytes += granule.bytes;
  std::vector<Calendar>& ports = granule.write ? from_core_ : to_core_;
  const bool is_link = granule.source.value + std::size_t{1} == ports.size();
  const double fs_per_byte = is_link ? link_fs_per_byte_ : fs_per_byte_;
  const auto service = static_cast<Femtoseconds>(std::ceil(static_cast<double>(granule.bytes) * fs_per_byte));
  const Femtoseconds finish = ports[granule.source.value].reserve(t, service);
  Reservation beyond = memory->reserve(granule, t);
  if (finish > beyond.finish) {
    beyond.finish = finish;
    beyond.bound_by = TimeCategory::noc;
  }
  beyond.latency += latency_;
  return beyond;
}

void Crossbar::reset() {
  for (Calendar& c : to_core_) c.reset();
  for (Calendar& c : from_core_) c.reset();
}

}  // namespace orrery
