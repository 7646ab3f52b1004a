#pragma once
// The buffer all cores share (a GPU's L2, an accelerator's global buffer). It keeps tiles, not lines: LRU by
// bytes, write-back, with the bandwidth of its slices as one calendar (granules are striped over them
// evenly), and of the ways between its partitions. Left out: conflicts of single slices.

#include <systemc>
#include <vector>

#include "models/core/calendar.h"
#include "models/core/clock_domain.h"
#include "models/core/component.h"
#include "models/core/granule.h"
#include "models/memory/tile_lru.h"
#include "sim/config/arch_spec.h"
#include "sim/program/program.h"
#include "sim/stats/activity_counts.h"

namespace orrery {

// Tiles of one tensor that a kernel will touch, as dense entries of the buffer.
struct TileRange {
  TensorId tensor;
  std::vector<Bytes> tile_bytes;  // of each tile, clipped at the edges
  Bytes resident_bytes;           // on chip when the kernel starts: the last tiles
  Bytes dirty_bytes;              // of those, not yet in DRAM: the last ones
};

class SharedBuffer : public sc_core::sc_module, public GranuleInterface, public Component {
 public:
  sc_core::sc_port<GranuleInterface> memory;
  sc_core::sc_export<GranuleInterface> port;

  // `level`: its place among the shared ones, innermost 0. `write_through`: keeps what is written, and passes
  // it on.
  SharedBuffer(const sc_core::sc_module_name& name, const SramLevelSpec& spec, const ClockDomain& clock,
               ActivityCounts& counts, std::size_t level = 0, bool write_through = false);

  // Starts a kernel (or a collective): `ranges` get consecutive entries from 0; `foreign_dirty_bytes` of
  // other tensors are older than all of them and must be written back when they leave.
  void begin(const std::vector<TileRange>& ranges, Bytes foreign_dirty_bytes);

  Reservation reserve(const Granule& granule, Femtoseconds t) override;

  // What reserve() of a whole tile would do to the tiles and the byte counts, without time. Returns what the
  // next level is asked for: bytes missed (or passed on), and dirty bytes that had to leave.
  struct Touch {
    Bytes passed_on;
    Bytes written_back;
  };
  Touch touch(std::uint32_t entry, Bytes bytes, bool write, ActivityCounts& counts);
  TileLru& tiles() { return tiles_; }

  // Bytes (and dirty bytes) now held of range `index` of begin(); of the foreign data.
  ResidentTensor resident(std::size_t index) const;
  Bytes foreign_dirty_bytes() const;

  void reset() {
    slices_.reset();
    crossings_.reset();
  }
  bool idle() const override { return true; }
  std::string waiting_for() const override { return {}; }

 private:
  const SramLevelSpec spec_;
  const ClockDomain& clock_;
  const double cycles_per_byte_;
  Femtoseconds latency_;
  ActivityCounts& counts_;
  const std::size_t level_;
  const bool write_through_;
  Calendar slices_;
  Calendar crossings_;  // between partitions
  double cycles_per_crossing_byte_ = 0;
  TileLru tiles_;
  std::vector<TileRange> ranges_;

  Bytes place(const TileRange& range, std::uint32_t first);
  std::uint32_t foreign_begin_ = 0;
  std::uint32_t entries_ = 0;

  LevelCounts& counted() { return counts_.levels[level_]; }
  Femtoseconds service(Bytes bytes) const;
  // Takes the slices and, with several partitions, the way between them; when both are through.
  Femtoseconds take_slices(Bytes bytes, Femtoseconds t);
  // Returns when the DRAM's write queue has taken the bytes.
  Femtoseconds write_back(Bytes bytes, Femtoseconds t);
  Reservation read(const Granule& granule, Femtoseconds t);
  Reservation write(const Granule& granule, Femtoseconds t);
};

}  // namespace orrery
