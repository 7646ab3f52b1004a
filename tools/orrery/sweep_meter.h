#pragma once
// Progress of a sweep on stderr.

#include <chrono>
#include <cstdint>

#include "sim/study/sweep_run.h"

namespace orrery {

// A bar with rate and what is left on a terminal; elsewhere a line now and then.
class SweepMeter {
 public:
  SweepMeter();
  ~SweepMeter();
  SweepMeter(const SweepMeter&) = delete;
  SweepMeter& operator=(const SweepMeter&) = delete;

  void show(const SweepProgress& progress);

 private:
  using Clock = std::chrono::steady_clock;
  bool terminal_, shown_ = false;
  Clock::time_point begin_, last_;
  std::uint64_t first_done_ = 0;
};

}  // namespace orrery
