#include "sim/estimate/dram_energy.h"

namespace orrery {

double dram_core_energy_j(const DramDevice& device, const DramActivity& a) {
  const DramCurrents& i = device.currents.value();
  const DramTimings& t = device.timing;
  const auto count = [](std::uint64_t n) { return static_cast<double>(n); };
  // V x mA x clocks.
  const double activate = i.idd0 * t.trc - (i.idd3n * t.tras + i.idd2n * (t.trc - t.tras));
  const double read = (i.idd4r - i.idd3n) * device.burst_clocks;
  const double write = (i.idd4w - i.idd3n) * device.burst_clocks;
  const double refresh = (i.idd5ab - i.idd3n) * t.trfc;
  const double bank_refresh = i.idd5pb > i.idd3n ? (i.idd5pb - i.idd3n) * t.trfc_pb : 0;
  const double clocks = activate * count(a.activates) + read * count(a.reads) + write * count(a.writes) +
                        refresh * count(a.refreshes) + bank_refresh * count(a.bank_refreshes);
  // The currents are of a whole device: its pseudo channels share the standby.
  const double active = a.active_seconds / device.pseudo_channels;
  const double standby = i.idd3n * active + i.idd2n * (a.seconds - active);
  return i.vdd * 1e-3 * i.devices * (clocks * device.clock_ns * 1e-9 + standby);
}

}  // namespace orrery
