#pragma once
// What a stretch of a kernel will do, without simulating when: the counts of work items, or of some stages of
// those under way, exact where the nest says so, and from the shared levels' own tiles (touched as the
// stretch would touch them) where reuse decides. A stretch that does not happen after all is taken back.

#include <vector>

#include "models/compute/placed_kernel.h"
#include "models/memory/shared_levels.h"
#include "sim/program/tile_kernel.h"
#include "sim/stats/activity_counts.h"

namespace orrery {

// Where a slot of a core stands in its item, whose results are not stored yet.
struct SlotPosition {
  WorkItem item;
  std::uint64_t next_k = 0;
  std::size_t loaded_operands = 0;  // of that stage
  bool partly = false;              // and part of the next one
};

class Forecast {
 public:
  // `shared` may be null. All must outlive the launch.
  void begin(const KernelLaunch& launch, const std::vector<PlacedKernel>& kernels, SharedLevels* shared);

  // Items [first, first + count), as many side by side as the cores have slots, but those of `begun` (sorted
  // by item), which get only as far as they are there.
  ActivityCounts items(std::uint64_t first, std::uint64_t count, const std::vector<SlotPosition>& begun = {});
  // The next `stages` of each slot; none of them its item's last.
  ActivityCounts stages(const std::vector<SlotPosition>& slots, std::uint64_t stages);
  // All that is left of items under way, their stores included.
  ActivityCounts rest_of(const std::vector<SlotPosition>& slots);

  // What is touched from now on can be taken back, until keep().
  using Point = SharedLevels::TouchPoint;
  void remember();
  Point point() const;
  bool reaches(const Point& to) const;  // always where that began, and what is latest
  void undo(const Point& to);
  void keep();

 private:
  // Consecutive tiles of an operand that a stretch walks through: those of one item's k tiles.
  struct Panel {
    std::size_t operand = 0;
    std::uint64_t first = 0;  // entry of the shared levels
    std::uint64_t tiles = 0;
    Bytes bytes;       // of a full tile
    Bytes last_bytes;  // of the last
    friend bool operator<(const Panel& a, const Panel& b) {
      return a.operand != b.operand ? a.operand < b.operand
             : a.first != b.first   ? a.first < b.first
                                    : a.tiles > b.tiles;
    }
  };

  const KernelLaunch* launch_ = nullptr;
  const std::vector<PlacedKernel>* kernels_ = nullptr;
  std::uint64_t at_once_ = 1;
  SharedLevels* shared_ = nullptr;
  std::vector<Panel> panels_;

  const PlacedKernel& placed(const WorkItem& item) const { return (*kernels_)[item.kernel]; }
  void load(const PlacedKernel& placed, std::size_t operand, std::uint64_t first_tile, std::uint64_t loads,
            Bytes bytes, Bytes last_bytes, ActivityCounts& counts);
  void run_stages(const WorkItem& item, std::uint64_t from, std::uint64_t to, ActivityCounts& counts) const;
  bool held_over(const KernelOperand& operand, const WorkItem& item) const;
  void add_item(const WorkItem& item, ActivityCounts& counts);
  void add_begun(const SlotPosition& slot, ActivityCounts& counts);
  void store_item(const WorkItem& item, ActivityCounts& counts);
  void touch_panels(ActivityCounts& counts);
  void add_requested(ActivityCounts& counts) const;
};

}  // namespace orrery
