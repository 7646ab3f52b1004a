#pragma once
// Issues a program's tasks to the cores and the links: a task starts when those it depends on are done;
// kernels go one at a time and pay the device's start-up cost; a collective may run beside a kernel. It knows
// when the program is complete and how each task's time was spent.

#include <memory>
#include <systemc>
#include <vector>

#include "models/compute/compute_tile.h"
#include "models/control/work_queue.h"
#include "models/dram/dram_controller.h"
#include "models/link/collective_engine.h"
#include "models/memory/shared_levels.h"
#include "sim/program/program.h"

namespace orrery {

struct TaskOutcome {
  Femtoseconds start = 0;
  Femtoseconds end = 0;
  TimeSplit split;           // sums to end - start
  Femtoseconds skipped = 0;  // of that, replayed by steady-state skipping
  bool done = false;
};

class CommandProcessor : public sc_core::sc_module,
                         public Component,
                         public ItemListener,
                         public SlotObserver,
                         public CollectiveListener {
 public:
  CommandProcessor(const sc_core::sc_module_name& name, const ArchSpec& arch, ActivityCounts& counts);

  // Wiring, once, by the factory.
  void connect(std::vector<ComputeTile*> tiles, SharedLevels* shared, const DramController* dram,
               CollectiveEngine* collectives);

  // Starts `program` at the next point of the wake-up grid; it must outlive the run. `skip` allows
  // steady-state skipping.
  void begin(const Program& program, const OnChip& on_chip, bool skip);

  bool complete() const;
  const std::vector<TaskOutcome>& outcomes() const { return outcomes_; }
  // Counts that were replayed and not simulated.
  const ActivityCounts& skipped_counts() const { return skipped_counts_; }

  // What is on chip now: as given to begin(), brought up to date by each kernel.
  const OnChip& on_chip() const { return on_chip_; }

  void item_done(const CriticalPath& path, Femtoseconds now) override;
  void collective_done(Femtoseconds done) override;

  Femtoseconds memory_busy_until() const override { return dram_->busy_until(); }
  void positions(std::vector<SlotPosition>& out) const override;
  void jump(std::uint64_t stages) override;
  void under_way(std::vector<SlotPosition>& out) const override;
  void shift(const std::vector<std::uint64_t>& places, std::uint64_t first) override;

  bool idle() const override { return complete(); }
  std::string waiting_for() const override;

 private:
  static constexpr std::uint32_t kNoTask = 0xffffffff;

  const ArchSpec& arch_;
  ActivityCounts& counts_;
  std::vector<ComputeTile*> tiles_;
  SharedLevels* shared_ = nullptr;
  const DramController* dram_ = nullptr;
  CollectiveEngine* collectives_ = nullptr;

  const Program* program_ = nullptr;
  OnChip on_chip_;
  std::vector<TensorId> placed_;    // the running task's
  bool collective_placed_ = false;  // its array lives in the shared buffer
  bool skip_ = true;
  std::vector<TaskOutcome> outcomes_;
  std::vector<bool> started_;
  ActivityCounts skipped_counts_;

  std::uint32_t kernel_task_ = kNoTask;      // on the cores now
  std::uint32_t collective_task_ = kNoTask;  // on the links now
  KernelRun run_;
  WorkQueue queue_;
  Forecast forecast_;
  FastForward forward_;
  std::uint64_t items_left_ = 0;
  CriticalPath last_path_;  // to the kernel's last result so far
  sc_core::sc_event wake_;

  void step();
  void finish_tasks(Femtoseconds now);
  void start_ready_tasks(Femtoseconds now);
  bool ready(std::uint32_t task) const;
  void start_kernel(std::uint32_t task, Femtoseconds now);
  void start_collective(const CollectiveTask& task, Femtoseconds t);
  void place_kernels(const KernelLaunch& launch);
  TileRange tile_range(TensorId tensor, const std::vector<std::uint64_t>& tile_bytes);
  void finish_kernel();
  void update_on_chip(std::size_t ranges);
  void rearm();
};

}  // namespace orrery
