#pragma once
// The chain of waits and services that led to an event, as a split of the time since the kernel's start. An
// event that waited for several others inherits the path of the one that came last.

#include "sim/stats/time_split.h"

namespace orrery {

struct CriticalPath {
  Femtoseconds at = 0;  // when the event happened
  TimeSplit split;      // sums to at - start

  static CriticalPath from(Femtoseconds start) { return {start, TimeSplit()}; }

  // The path goes on to t (if later) through `what`.
  void extend(Femtoseconds t, TimeCategory what) {
    if (t <= at) return;
    split.add(what, t - at);
    at = t;
  }
};

}  // namespace orrery
