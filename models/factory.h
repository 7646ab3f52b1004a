#pragma once
// The one place that turns a machine's description into modules and wires them, at each fidelity:
// cores (each with a DMA engine) -> network -> [shared buffers] -> DRAM controller; collective engine ->
// network.

#include <memory>
#include <vector>

#include "models/compute/compute_tile.h"
#include "models/compute/cycle_core.h"
#include "models/control/command_processor.h"
#include "models/core/clock_domain.h"
#include "models/dram/dram_controller.h"
#include "models/link/collective_engine.h"
#include "models/memory/cycle_memory.h"
#include "models/memory/shared_levels.h"
#include "models/noc/network.h"

namespace orrery {

// The modules of one chip and its links, at fidelity `tile`. Owns everything; `arch` must outlive it. One a
// process.
struct Chip {
  explicit Chip(const ArchSpec& arch);

  ActivityCounts counts;
  ClockDomain clock;
  std::unique_ptr<DramController> dram;
  std::unique_ptr<SharedLevels> shared;  // null when the machine has none
  std::unique_ptr<Network> network;
  std::unique_ptr<CommandProcessor> command;
  std::unique_ptr<CollectiveEngine> collectives;
  std::unique_ptr<WakeQueue> wakes;  // of the tiles
  std::vector<std::unique_ptr<ComputeTile>> tiles;

  std::vector<const Component*> components() const;
  // All shared resources free; counters stay.
  void reset();
};

// The modules of one chip at fidelity `cycle`: cores that wait for their lines, and a memory of flits, lines
// and DRAM commands. Owns everything; `arch` must outlive it. One a process.
class CycleChip : CycleItemListener {
 public:
  explicit CycleChip(const ArchSpec& arch);

  ActivityCounts counts;
  ClockDomain clock;
  CycleMemory memory;
  std::vector<std::unique_ptr<CycleCore>> cores;

  std::vector<const Component*> components() const;
  // A kernel of so many items starts; SystemC pauses with its last result.
  void begin_kernel(std::uint64_t items, Femtoseconds start);
  // The path to the last result so far.
  const CriticalPath& last() const { return last_; }

 private:
  std::uint64_t items_left_ = 0;
  CriticalPath last_;

  void item_stored(const CriticalPath& path) override;
};

}  // namespace orrery
