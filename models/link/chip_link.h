#pragma once
// One direction of a chip-to-chip link: bandwidth as a calendar, latency added after it.

#include <systemc>

#include "models/core/calendar.h"
#include "sim/config/arch_spec.h"

namespace orrery {

class ChipLink : public sc_core::sc_module {
 public:
  ChipLink(const sc_core::sc_module_name& name, const LinkSpec& spec);

  // Sends `bytes` from t on; returns when the last byte has arrived at the other chip.
  Femtoseconds send(std::uint64_t bytes, Femtoseconds t);
  void reset() { calendar_.reset(); }

 private:
  double fs_per_byte_;
  Femtoseconds latency_;
  Calendar calendar_;
};

}  // namespace orrery
