#pragma once
// What moves through the machine, and the interface through which a mover asks for it.

#include <cstdint>
#include <systemc>

#include "sim/stats/time_split.h"
#include "sim/util/amount.h"
#include "sim/util/ids.h"
#include "sim/util/units.h"

namespace orrery {

inline constexpr std::uint32_t kNoEntry = 0xffffffff;

// One transfer between a core (or a chip's link) and memory: a tile's stage or a part of it.
struct Granule {
  CoreId source;
  std::uint32_t entry = kNoEntry;  // tile entry of the shared buffer; kNoEntry bypasses it
  Bytes bytes;
  Bytes offset;               // of the granule within its tile
  Bytes tile_bytes;           // of the whole tile
  std::uint32_t cluster = 1;  // cores next to each other that may share one read of the same data
  std::uint32_t parts = 1;    // of it, this core takes one
  bool write = false;
  bool irregular = false;  // scattered rows: no chunk longer than a DRAM burst train of one row
};

// finish = when the slowest server of the path is through; latency = what the path adds after it;
// bound_by = the server that set `finish`.
struct Reservation {
  Femtoseconds finish = 0;
  Femtoseconds latency = 0;
  TimeCategory bound_by = TimeCategory::wait;
  Femtoseconds done() const { return finish + latency; }
};

// Contract: reserve() books the whole path from here to the data at time t (>= the current simulated time;
// calls come in event order), moves the counters and returns at once. It never waits, so an SC_METHOD may
// call it; back-pressure is the caller's bounded number of outstanding granules.
class GranuleInterface : public virtual sc_core::sc_interface {
 public:
  virtual Reservation reserve(const Granule& granule, Femtoseconds t) = 0;
};

}  // namespace orrery
