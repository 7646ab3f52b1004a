#pragma once
// One direction of a chip-to-chip link: bandwidth as a calendar, latency added after it.

#include <systemc>

#include "models/core/calendar.h"
#include "sim/config/arch_spec.h"

namespace orrery {

class ChipLink : public sc_core::sc_module {
 public:
  ChipLink(const sc_core::sc_module_name& name, const LinkSpec& spec);

  // When the link is on the way with a transfer, and when its last byte has arrived at the other chip.
  struct Transfer {
    Femtoseconds start = 0;
    Femtoseconds arrival = 0;
  };
  Femtoseconds service(std::uint64_t bytes) const;
  // Sends `bytes` from t on.
  Transfer send(std::uint64_t bytes, Femtoseconds t);
  void reset() { calendar_.reset(); }

 private:
  double fs_per_byte_;
  Femtoseconds latency_;
  Calendar calendar_;
};

}  // namespace orrery
