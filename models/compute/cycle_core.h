#pragma once
// A core at fidelity `cycle`: the same stages as ComputeTile, run by processes that wait. Each resident item
// has a loader, which asks memory for a stage's operands as soon as a buffer is free, and an executor, which
// takes the engines once they are there; nobody knows beforehand when that will be. The matrix engine is
// simulated element by element where it is a systolic array.

#include <array>
#include <memory>
#include <systemc>
#include <vector>

#include "models/compute/core.h"
#include "models/compute/matrix_engine.h"
#include "models/compute/vector_unit.h"
#include "models/memory/cycle_memory.h"
#include "models/memory/scratchpad.h"

namespace orrery {

class CycleCore : public sc_core::sc_module, public Core, private TransferClient {
 public:
  MatrixEngine matrix;
  VectorUnit vector;
  Scratchpad scratchpad;

  CycleCore(const sc_core::sc_module_name& name, CoreId id, const ArchSpec& arch, const ClockDomain& clock,
            ActivityCounts& counts, CycleMemory& memory, ItemListener& listener);

  StageCosts price(const TileKernel& kernel) const override { return {kernel, matrix, vector, scratchpad}; }
  void begin(const KernelRun& run, Femtoseconds start) override;
  void assign(std::uint32_t slot, const WorkItem& item, Femtoseconds t) override;

  bool idle() const override { return active_items_ == 0; }
  std::string waiting_for() const override;

 private:
  struct Stage {
    WorkItem item;
    std::uint64_t k = 0;
    std::uint32_t pending = 0;    // loads on their way
    bool sealed = false;          // all loads are issued
    Femtoseconds dispatched = 0;  // when its item came to the core
    TimeCategory cause = TimeCategory::wait;
    Femtoseconds predicted = 0;  // when its scores are estimated
    bool ready() const { return sealed && pending == 0; }
  };
  struct Slot {
    WorkItem first;
    Femtoseconds begin = 0;     // of the item being loaded
    std::vector<Stage> stages;  // a ring of buffers
    std::uint64_t issued = 0, executed = 0;
    std::uint64_t items_executed = 0;
    std::array<std::uint64_t, kMaxOperands> held{};
    CriticalPath path;  // of the executor
    sc_core::sc_event go, loaded, released, item_done;
  };
  // An item whose results are on their way.
  struct Store {
    std::uint32_t pending = 0;
    CriticalPath path;
    Femtoseconds epilogue_end = 0;
  };
  static constexpr std::uint64_t kStoreTag = std::uint64_t{1} << 63;

  const CoreId id_;
  const ArchSpec& arch_;
  const ClockDomain& clock_;
  ActivityCounts& counts_;
  CycleMemory& memory_;
  ItemListener& listener_;
  const KernelRun* run_ = nullptr;
  std::vector<std::unique_ptr<Slot>> slots_;
  std::uint32_t outstanding_ = 0;  // granules being loaded
  sc_core::sc_event room_;
  Calendar issue_;
  Calendar predictor_;
  std::vector<Store> stores_;
  std::vector<std::uint32_t> free_stores_;
  std::uint32_t active_items_ = 0;

  const PlacedKernel& placed(const WorkItem& item) const { return run_->kernels[item.kernel]; }
  void load(std::uint32_t slot);
  void load_stage(std::uint32_t slot, const WorkItem& item, std::uint64_t k);
  void predict(Stage& stage);
  void execute(std::uint32_t slot);
  void execute_stage(Slot& slot, const Stage& stage);
  void finish_item(Slot& slot, const WorkItem& item);
  void store(const WorkItem& item, const CriticalPath& path, Femtoseconds epilogue_end);
  void stored(std::uint32_t store);
  void transfer_done(std::uint64_t tag, TimeCategory bound_by) override;
  void wait_until(Slot& slot, Femtoseconds t, TimeCategory what);
  Bytes granule_bytes() const { return Bytes{arch_.cores.dma.max_granule_bytes}; }
};

}  // namespace orrery
