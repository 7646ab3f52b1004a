#pragma once
// All levels between the cores' scratchpads and DRAM, innermost first: an L2 and whatever lies behind it (a
// memory-side cache, a further global buffer). Inner levels write through; the outermost writes back. Tiles
// keep their identity on the way out, so each level simulates its own reuse. Left out: levels private to a
// part of the cores.

#include <memory>
#include <vector>

#include "models/memory/shared_buffer.h"

namespace orrery {

class SharedLevels {
 public:
  // `specs`, innermost first, at least one; the last is bound to `dram`.
  SharedLevels(const std::vector<SramLevelSpec>& specs, GranuleInterface& dram, const ClockDomain& clock,
               ActivityCounts& counts);

  GranuleInterface& door() { return *levels_.front(); }
  // As SharedBuffer's, of all levels.
  void begin(const std::vector<TileRange>& ranges, Bytes foreign_dirty_bytes);
  // What a whole tile's transfer does to the tiles of all levels, to the counts of theirs and of DRAM,
  // without time. Between remember_touches() and keep_touches() what was touched after a point that the
  // record reaches can be taken back.
  void touch(std::uint32_t entry, Bytes bytes, bool write, ActivityCounts& counts);
  using TouchPoint = std::vector<std::size_t>;
  void remember_touches();
  TouchPoint touch_point() const;
  bool reaches(const TouchPoint& to) const;  // always where the record began
  void undo_touches(const TouchPoint& to);
  void keep_touches();
  // Of the outermost level, which holds the most.
  ResidentTensor resident(std::size_t index) const { return levels_.back()->resident(index); }
  Bytes foreign_dirty_bytes() const { return levels_.back()->foreign_dirty_bytes(); }
  void reset();

  const std::vector<std::unique_ptr<SharedBuffer>>& levels() const { return levels_; }

 private:
  std::vector<std::unique_ptr<SharedBuffer>> levels_;
};

}  // namespace orrery
