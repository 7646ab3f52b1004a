#pragma once
// A core: matrix engine, vector unit, scratchpad and DMA engine, and the state machine that takes work items
// through their stages. It interleaves up to `resident_items` items; each keeps up to `pipeline_stages`
// buffers in flight, so loads run ahead of the engines by as much as the buffers allow. A slot goes on to its
// next item when the results of the last are taken; where loads run ahead across items, results of two may
// wait. The cores of a cluster fill their buffers together: none loads a stage before all have room for it,
// or begins an item before all are through with the one before. Woken at the next instant at which an item
// can go on. Left out: register files, instruction fetch.

#include <memory>
#include <systemc>
#include <vector>

#include "models/compute/core.h"
#include "models/compute/matrix_engine.h"
#include "models/compute/vector_unit.h"
#include "models/control/fast_forward.h"
#include "models/core/wake_queue.h"
#include "models/dma/dma_engine.h"
#include "models/memory/scratchpad.h"

namespace orrery {

class ComputeTile : public sc_core::sc_module, public Core, private WakeClient {
 public:
  MatrixEngine matrix;
  VectorUnit vector;
  Scratchpad scratchpad;
  DmaEngine dma;

  ComputeTile(const sc_core::sc_module_name& name, CoreId id, const ArchSpec& arch, const ClockDomain& clock,
              ActivityCounts& counts, WakeQueue& wakes, ItemListener& listener);

  StageCosts price(const TileKernel& kernel) const override { return {kernel, matrix, vector, scratchpad}; }
  void begin(const KernelRun& run, Femtoseconds start) override;
  void assign(std::uint32_t slot, const WorkItem& item, Femtoseconds t) override;

  // All tiles of the chip, by number, itself included; must outlive it.
  void connect(const std::vector<ComputeTile*>& all) { all_ = &all; }

  // Appends where each slot stands that has stages left of its item; moves those on by `stages`.
  void positions(std::vector<SlotPosition>& out) const;
  void jump(std::uint64_t stages);
  // Appends the items whose results are not stored; puts those of the sorted `places` at their `goals`.
  void under_way(std::vector<SlotPosition>& out) const;
  void shift(const std::vector<std::uint64_t>& places, const std::vector<std::uint64_t>& goals);

  bool idle() const override { return active_items_ == 0; }
  std::string waiting_for() const override;

 private:
  static constexpr std::uint32_t kMostFinishing = 16;
  static constexpr Femtoseconds kNever = INT64_MAX;
  struct Finishing {
    WorkItem item;
    Femtoseconds at = kNever;
    CriticalPath path;
  };
  struct Slot {
    WorkItem item;
    std::uint64_t next_k = 0;
    std::size_t operand = 0;  // of the stage whose loads are being issued
    Bytes offset;             // within that operand's tile
    Femtoseconds ready = 0;   // of that stage's data so far
    TimeCategory cause = TimeCategory::wait;
    Femtoseconds predicted = 0;             // when its scores are estimated
    CriticalPath asked;                     // path to the first load of that stage
    CriticalPath chain;                     // path to the last stage's result
    std::uint64_t issued = 0;               // stages, over all items
    std::vector<CriticalPath> buffer_free;  // path to each buffer's release, a ring
    std::array<std::uint64_t, kMaxOperands> held{};
    TimeCategory blocked_by = TimeCategory::wait;  // why the first load of that stage is late
    Femtoseconds wake = kNever;
    bool busy = false;                 // has an item with stages left
    bool waits_for_room = false;       // for its results, behind those of items before
    bool waits_for_cluster = false;    // for room in the others' buffers
    bool wait_end = false;             // wakes to finish its item
    std::vector<Finishing> finishing;  // items whose results are due while later ones already load: a ring
    std::uint32_t first_finishing = 0, finishing_count = 0;
    Femtoseconds stores_taken = 0;  // when the network and what lies behind had taken the last item's results
    bool has_stages() const { return busy && next_k < item.k_end; }
    SlotPosition position() const { return {item, next_k, operand, offset > Bytes{}}; }
    // Results leave in order, and not before those ahead of them have gone.
    Femtoseconds next_finish() const {
      return finishing_count > 0 ? std::max(finishing[first_finishing].at, stores_taken) : kNever;
    }
  };

  const CoreId id_;
  const ArchSpec& arch_;
  const ClockDomain& clock_;
  ActivityCounts& counts_;
  WakeQueue& wakes_;
  ItemListener& listener_;
  const std::vector<ComputeTile*>* all_ = nullptr;
  const KernelRun* run_ = nullptr;
  std::vector<Slot> slots_;
  std::uint32_t active_slots_ = 0;
  Calendar issue_;
  Calendar predictor_;
  TimeCategory last_load_bound_by_ = TimeCategory::wait;
  CriticalPath matrix_path_;  // to the end of the engine's last service
  CriticalPath vector_path_;
  std::uint32_t active_items_ = 0;

  void wake(Femtoseconds now) override;
  const PlacedKernel& placed(const WorkItem& item) const { return run_->kernels[item.kernel]; }
  // Stands for what the kernels of the launch share.
  const TileKernel& shared() const { return run_->launch->front(); }
  std::uint32_t index_of(const Slot& slot) const { return static_cast<std::uint32_t>(&slot - slots_.data()); }
  void rearm(Femtoseconds now);
  void start_item(Slot& slot, const WorkItem& item);
  void advance(Slot& slot, Femtoseconds now);
  const CriticalPath* room_for_stage(const Slot& slot) const;
  template <class Visit>
  void for_each_mate(Visit visit) const;
  void wake_cluster(const Slot& slot, Femtoseconds now);
  bool load_stage(Slot& slot, const StageCost& cost, Femtoseconds now);
  void run_stage(Slot& slot, const StageCost& cost, Femtoseconds now);
  CriticalPath path_to_start(const Slot& slot, Femtoseconds start) const;
  void finish_item(Slot& slot, const WorkItem& item, CriticalPath path, Femtoseconds now);
  // The next item, to begin at `at`.
  void take_next(Slot& slot, Femtoseconds at, Femtoseconds now);
};

}  // namespace orrery
