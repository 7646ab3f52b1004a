#pragma once
// Issues a program's tasks to the cores, the links and the memory's units, at either fidelity: a task starts
// when those it depends on are done; kernels go one at a time and pay the device's start-up cost; a
// collective or products in memory may run beside a kernel. It knows when the program is complete and how
// each task's time was spent.

#include <systemc>
#include <vector>

#include "models/compute/core.h"
#include "models/control/tile_skipping.h"
#include "models/dram/pim_units.h"
#include "models/link/collective_engine.h"
#include "models/memory/entry_places.h"
#include "sim/program/program.h"

namespace orrery {

struct TaskOutcome {
  Femtoseconds start = 0;
  Femtoseconds end = 0;
  TimeSplit split;           // sums to end - start
  Femtoseconds skipped = 0;  // of that, replayed by steady-state skipping
  bool done = false;
};

// What only a machine of fidelity `tile` has: links to other chips, whose arrays have entries beside the
// kernels' tiles, and cores whose steady states can be left out. All null, or none.
struct TileParts {
  CollectiveEngine* collectives = nullptr;
  EntryPlaces* entries = nullptr;
  TileSkipping* skipping = nullptr;
};

class CommandProcessor : public sc_core::sc_module,
                         public Component,
                         public ItemListener,
                         public CollectiveListener {
 public:
  CommandProcessor(const sc_core::sc_module_name& name, const ArchSpec& arch, ActivityCounts& counts);

  // Wiring, once, by the factory. Without `parts` the simulation pauses when a program is complete: a memory
  // that refreshes never runs out of events.
  // `pim` is null where the memory has no units.
  void connect(std::vector<Core*> cores, TensorPlaces& places, const TileParts& parts, PimUnits* pim);

  // Starts `program` at the next point of the wake-up grid; it must outlive the run. `skip` allows
  // steady-state skipping. A program with collectives needs `parts`.
  void begin(const Program& program, const OnChip& on_chip, bool skip);

  bool complete() const;
  const std::vector<TaskOutcome>& outcomes() const { return outcomes_; }
  // Counts that were replayed and not simulated.
  const ActivityCounts& skipped_counts() const { return skipped_counts_; }
  // What is on chip now: as given to begin(), brought up to date by each kernel.
  OnChip on_chip() const { return places_->on_chip(); }

  void item_done(const CriticalPath& path, Femtoseconds now) override;
  void collective_done(Femtoseconds done) override;

  bool idle() const override { return complete(); }
  std::string waiting_for() const override;

 private:
  static constexpr std::uint32_t kNoTask = 0xffffffff;

  const ArchSpec& arch_;
  ActivityCounts& counts_;
  std::vector<Core*> cores_;
  TensorPlaces* places_ = nullptr;
  TileParts parts_;
  PimUnits* pim_ = nullptr;

  const Program* program_ = nullptr;
  bool collective_placed_ = false;  // its array lives in the shared levels
  bool skip_ = true;
  std::vector<TaskOutcome> outcomes_;
  std::vector<bool> started_;
  ActivityCounts skipped_counts_;

  std::uint32_t kernel_task_ = kNoTask;      // on the cores now
  std::uint32_t collective_task_ = kNoTask;  // on the links now
  std::uint32_t pim_task_ = kNoTask;         // on the memory's units now
  KernelRun run_;
  WorkQueue queue_;
  std::uint64_t items_left_ = 0;
  CriticalPath last_path_;  // to the kernel's last result so far
  sc_core::sc_event wake_;

  void step();
  void finish_tasks(Femtoseconds now);
  void start_ready_tasks(Femtoseconds now);
  bool ready(std::uint32_t task) const;
  void start_kernel(std::uint32_t task, Femtoseconds now);
  void deal_first_items(Femtoseconds dispatched);
  std::uint32_t& place_of(const Task& task);
  void start_pim(const PimTask& task, Femtoseconds now);
  void start_collective(const CollectiveTask& task, Femtoseconds t);
  void finish_kernel();
  void rearm();
};

}  // namespace orrery
