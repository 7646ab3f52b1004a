#include "models/compute/stall_ledger.h"

#include <algorithm>

namespace orrery {

void StallLedger::service(Femtoseconds start, Femtoseconds end, TimeCategory what, TimeCategory cause) {
  if (end <= covered_) return;
  if (start > covered_) {
    split_.add(cause, start - covered_);
    covered_ = start;
  }
  split_.add(what, end - covered_);
  covered_ = end;
}

}  // namespace orrery
