#pragma once
// A core at fidelity `cycle`: the same stages as ComputeTile, run by processes that wait. Each resident item
// has a loader, which asks memory for a stage's operands as soon as a buffer is free, and an executor, which
// takes the engines once they are there; nobody knows beforehand when that will be. The matrix engine is
// simulated element by element where it is a systolic array.

#include <array>
#include <memory>
#include <systemc>
#include <vector>

#include "models/compute/matrix_engine.h"
#include "models/compute/stage_costs.h"
#include "models/compute/vector_unit.h"
#include "models/control/work_queue.h"
#include "models/core/component.h"
#include "models/core/critical_path.h"
#include "models/memory/cycle_memory.h"
#include "models/memory/scratchpad.h"

namespace orrery {

// Where an operand's first tile lies, and the bytes from one tile to the next.
struct TilePlaces {
  std::uint64_t address = 0, stride = 0;
  std::uint64_t of(std::uint64_t tile) const { return address + tile * stride; }
};
// A kernel of a launch, as the cores run it.
struct AddressedKernel {
  const TileKernel* kernel = nullptr;
  StageCosts costs;
  std::vector<TilePlaces> inputs, outputs;  // of its operands
};
// What all cores share while a launch runs.
struct CycleKernelRun {
  const KernelLaunch* launch = nullptr;
  std::vector<AddressedKernel> kernels;  // of the launch
  WorkQueue* queue = nullptr;
};

// Told by the cores.
class CycleItemListener {
 public:
  virtual ~CycleItemListener() = default;
  // A work item's results are stored at path.at (>= now).
  virtual void item_stored(const CriticalPath& path) = 0;
};

class CycleCore : public sc_core::sc_module, public Component, private TransferClient {
 public:
  MatrixEngine matrix;
  VectorUnit vector;
  Scratchpad scratchpad;

  CycleCore(const sc_core::sc_module_name& name, CoreId id, const ArchSpec& arch, const ClockDomain& clock,
            ActivityCounts& counts, CycleMemory& memory, CycleItemListener& listener);

  // Lays out the kernels' buffers. Throws SimulationError when they do not fit. `run` must outlive the
  // launch.
  void begin(const CycleKernelRun& run, Femtoseconds start);
  // Gives slot `slot` its first item, to begin at `t`.
  void assign(std::uint32_t slot, const WorkItem& item, Femtoseconds t);

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
  CycleItemListener& listener_;
  const CycleKernelRun* run_ = nullptr;
  std::vector<std::unique_ptr<Slot>> slots_;
  std::uint32_t outstanding_ = 0;  // granules being loaded
  sc_core::sc_event room_;
  Calendar issue_;
  std::vector<Store> stores_;
  std::vector<std::uint32_t> free_stores_;
  std::uint32_t active_items_ = 0;

  const AddressedKernel& addressed(const WorkItem& item) const { return run_->kernels[item.kernel]; }
  void load(std::uint32_t slot);
  void load_stage(std::uint32_t slot, const WorkItem& item, std::uint64_t k);
  void execute(std::uint32_t slot);
  void execute_stage(Slot& slot, const Stage& stage);
  void finish_item(Slot& slot, const WorkItem& item);
  void store(const WorkItem& item, const CriticalPath& path, Femtoseconds epilogue_end);
  void stored(std::uint32_t store);
  void transfer_done(std::uint64_t tag, TimeCategory bound_by) override;
  void wait_until(Slot& slot, Femtoseconds t, TimeCategory what);
  std::uint64_t granule_bytes() const { return arch_.cores.dma.max_granule_bytes; }
};

}  // namespace orrery
