#pragma once
// What repeats of a kernel is left out (fast_forward.h), on the cores of fidelity `tile`: their slots are
// what it looks at and moves, their memory what it listens to.

#include <vector>

#include "models/compute/compute_tile.h"
#include "models/control/fast_forward.h"
#include "models/dram/dram_controller.h"

namespace orrery {

class TileSkipping : private SlotObserver {
 public:
  // `shared` may be null. All must outlive this.
  TileSkipping(const ArchSpec& arch, const ActivityCounts& counts, std::vector<ComputeTile*> tiles,
               SharedLevels* shared, const DramController& dram);

  // A launch begins; `queue` has begun it, too. The cores tell forward() of their stages.
  void begin(const KernelRun& run, bool allowed, Femtoseconds start);
  void item_done(Femtoseconds at, Femtoseconds now) { forward_.item_done(at, now); }
  FastForward& forward() { return forward_; }

 private:
  const ArchSpec& arch_;
  std::vector<ComputeTile*> tiles_;
  SharedLevels* shared_;
  const DramController& dram_;
  Forecast forecast_;
  FastForward forward_;

  Femtoseconds memory_busy_until() const override { return dram_.busy_until(); }
  void positions(std::vector<SlotPosition>& out) const override;
  void jump(std::uint64_t stages) override;
  void under_way(std::vector<SlotPosition>& out) const override;
  void shift(const std::vector<std::uint64_t>& places, const std::vector<std::uint64_t>& goals) override;
};

}  // namespace orrery
