#include "models/noc/crossbar.h"

#include <cmath>

namespace orrery {

Crossbar::Crossbar(const sc_core::sc_module_name& name, const NetworkSpec& spec, double link_bytes_per_s,
                   std::uint32_t cores, const ClockDomain& clock, ActivityCounts& counts)
    : Network(name),
      clock_(clock),
      port_bytes_per_cycle_(spec.port_bytes_per_cycle),
      link_fs_per_byte_(link_bytes_per_s > 0 ? kFsPerSecond / link_bytes_per_s : 0),
      latency_(from_ns(spec.latency_ns)),
      counts_(counts),
      to_core_(cores + std::size_t{1}),
      from_core_(cores + std::size_t{1}) {}

Reservation Crossbar::reserve(const Granule& granule, Femtoseconds t) {
  counts_.noc_bytes += granule.bytes.value();
  counts_.noc_hop_bytes += granule.bytes.value();
  std::vector<Calendar>& ports = granule.write ? from_core_ : to_core_;
  const bool is_link = granule.source.value + std::size_t{1} == ports.size();
  // Towards the links go what they send and, for each sum, the chip's own part.
  const double link_fs_per_byte = granule.write ? link_fs_per_byte_ : link_fs_per_byte_ / 2;
  const double fs_per_byte =
      is_link && link_fs_per_byte_ > 0 ? link_fs_per_byte : clock_.fs_per_cycle() / port_bytes_per_cycle_;
  const auto service = from_femtoseconds(granule.bytes.real() / granule.parts * fs_per_byte);
  const Femtoseconds finish = ports[granule.source.value].reserve(t, service);
  Reservation beyond;
  const bool may_share = granule.cluster > 1 && !granule.write && granule.entry != kNoEntry;
  const ClusterReads::Read* read = may_share ? cluster_reads_.join(granule) : nullptr;
  if (read != nullptr) {
    counts_.multicast_bytes += granule.bytes.value();
    beyond = {read->ready, 0, TimeCategory::shared};
  } else {
    beyond = memory->reserve(granule, t);
    if (may_share) cluster_reads_.add(granule, beyond.done());
  }
  if (finish > beyond.finish) {
    beyond.finish = finish;
    beyond.bound_by = TimeCategory::noc;
  }
  beyond.latency += latency_;
  return beyond;
}

void Crossbar::reset() {
  cluster_reads_.reset();
  for (Calendar& c : to_core_) c.reset();
  for (Calendar& c : from_core_) c.reset();
}

}  // namespace orrery
