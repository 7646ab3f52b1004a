#pragma once
// The reservations of one shared resource (a port, a slice, a channel, an engine), served first come first
// served in the order of the calls. A single time suffices because every server of a path is reserved at
// request time, in event order; path latencies are added by the requester.

#include <algorithm>

#include "sim/util/units.h"

namespace orrery {

class Calendar {
 public:
  // Takes the resource for `service` from `t` or when it is free; returns when the service ends.
  Femtoseconds reserve(Femtoseconds t, Femtoseconds service) {
    free_at_ = std::max(t, free_at_) + service;
    return free_at_;
  }
  Femtoseconds free_at() const { return free_at_; }
  // Forgets past reservations: the resource is free from now on.
  void reset() { free_at_ = 0; }

 private:
  Femtoseconds free_at_ = 0;
};

}  // namespace orrery
