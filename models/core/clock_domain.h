#pragma once
// Converts integer cycles and SystemC times to femtoseconds. No clock ever ticks. A period that is not a
// whole number of femtoseconds is never accumulated: n cycles are n x period rounded up once.

#include <algorithm>
#include <cmath>
#include <systemc>

#include "sim/util/amount.h"
#include "sim/util/units.h"

namespace orrery {

class ClockDomain {
 public:
  explicit ClockDomain(double hertz) : fs_per_cycle_(kFsPerSecond / hertz) {}
  Femtoseconds time(Cycles n) const { return from_femtoseconds(n.real() * fs_per_cycle_); }
  Femtoseconds time(PartCycles n) const { return from_femtoseconds(n.value() * fs_per_cycle_); }
  double fs_per_cycle() const { return fs_per_cycle_; }
  // Another frequency from now on; between programs only.
  void set_hertz(double hertz) { fs_per_cycle_ = kFsPerSecond / hertz; }

 private:
  double fs_per_cycle_;
};

// The simulator's resolution is 1 fs (set once, before anything else touches SystemC).
inline Femtoseconds now_fs() {
  return static_cast<Femtoseconds>(sc_core::sc_time_stamp().value());
}
inline sc_core::sc_time fs_time(Femtoseconds t) {
  return sc_core::sc_time::from_value(static_cast<sc_core::sc_time::value_type>(t));
}

// Same-time order is (time, source, sequence): wake-ups lie on a 4 ps grid, each source at its own offset
// below it, so that ties never depend on addresses or on the order of construction.
inline constexpr Femtoseconds kWakeGrid = 4096;
inline Femtoseconds wake_time(Femtoseconds t, std::uint32_t source) {
  return round_up<Femtoseconds>(t, kWakeGrid) + static_cast<Femtoseconds>(source % kWakeGrid);
}

// Replaces whatever `event` was armed for by a wake-up of `source` at t, or now if t is past.
inline void wake_at(sc_core::sc_event& event, Femtoseconds t, std::uint32_t source) {
  event.cancel();
  event.notify(fs_time(std::max(wake_time(t, source), now_fs()) - now_fs()));
}

}  // namespace orrery
