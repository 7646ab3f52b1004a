#pragma once
// Splits a core's time from a kernel's start to its own end into what it was doing or waiting for. Engine
// services are entered as they are reserved (their order of start may differ slightly between work items; time
// already accounted for is not counted twice), so the parts sum to the elapsed time exactly.

#include "sim/stats/time_split.h"

namespace orrery {

class StallLedger {
 public:
  void begin(Femtoseconds start) {
    split_ = TimeSplit();
    covered_ = start;
  }
  // A service over [start, end]; the gap before it, if any, is put down to `cause`.
  void service(Femtoseconds start, Femtoseconds end, TimeCategory what, TimeCategory cause);
  // Everything up to t goes to `cause`.
  void until(Femtoseconds t, TimeCategory cause) { service(t, t, cause, cause); }

  Femtoseconds covered() const { return covered_; }
  const TimeSplit& split() const { return split_; }

 private:
  Femtoseconds covered_ = 0;
  TimeSplit split_;
};

}  // namespace orrery
