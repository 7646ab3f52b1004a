#include "models/dram/dram_controller.h"

namespace orrery {

DramController::DramController(const sc_core::sc_module_name& name, const DramSpec& spec,
                               const ClockDomain& clock, ActivityCounts& counts)
    : sc_module(name),
      dram_(spec),
      counts_(counts),
      clock_(clock),
      bus_cycles_per_byte_(spec.bus_bytes_per_cycle > 0 ? 1 / spec.bus_bytes_per_cycle : 0),
      latency_(from_ns(dram_.timing().read_latency_ns() + spec.controller_latency_ns)) {
  port.bind(*this);
}

void DramController::count_activates(Bytes bytes, bool irregular) {
  const DramSpec& spec = dram_.spec();
  counts_.dram_activates += ceil_div(bytes.value(), irregular ? spec.burst_bytes() : spec.interleave_bytes);
}

Reservation DramController::reserve(const Granule& granule, Femtoseconds t) {
  count_activates(granule.bytes, granule.irregular);
  if (granule.write) {
    counts_.dram_write_bytes += granule.bytes.value();
    return {dram_.write(granule.bytes, bus_fs_per_byte(), t), 0, TimeCategory::dram};
  }
  counts_.dram_read_bytes += granule.bytes.value();
  const Femtoseconds on_bus = from_femtoseconds(granule.bytes.real() * bus_fs_per_byte());
  return {dram_.read(granule.bytes, granule.irregular, on_bus, t), latency_, TimeCategory::dram};
}

Reservation DramController::reserve_channel(ChannelId channel, Bytes bytes, Femtoseconds t) {
  counts_.dram_read_bytes += bytes.value();
  count_activates(bytes, false);
  return {dram_.read_on(channel, bytes, t), latency_, TimeCategory::dram};
}

std::string DramController::waiting_for() const {
  return std::string(name()) + " holds " + std::to_string(dram_.queued_bytes().value()) + " bytes of writes";
}

}  // namespace orrery
