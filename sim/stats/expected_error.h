#pragma once
// How far a result is expected to be off, from how far like ones were off measurements.

#include <string>

namespace orrery {

struct ExpectedError {
  bool known = false;   // there are measurements that say something about it
  bool inside = false;  // this machine, stack, operator and range were measured
  double mean = 0;      // mean absolute relative error
  double p90 = 0;       // nine of ten results are expected nearer than this
  std::string basis;    // what was measured and how this differs, in words
};

}  // namespace orrery
