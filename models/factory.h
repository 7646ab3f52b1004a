#pragma once
// The one place that turns a machine's description into modules and wires them, at each fidelity:
// cores -> network -> [shared levels] -> DRAM; at `tile` a collective engine -> network beside them.

#include <memory>
#include <vector>

#include "models/compute/compute_tile.h"
#include "models/compute/cycle_core.h"
#include "models/control/command_processor.h"
#include "models/core/clock_domain.h"
#include "models/dram/dram_controller.h"
#include "models/link/collective_engine.h"
#include "models/memory/address_places.h"
#include "models/memory/cycle_memory.h"
#include "models/memory/entry_places.h"
#include "models/memory/shared_levels.h"
#include "models/noc/network.h"
#include "sim/stats/sharing.h"
#include "sim/util/fidelity.h"

namespace orrery {

// The modules of one chip. Owns everything; `arch` must outlive it. One a process.
class Chip {
 public:
  explicit Chip(const ArchSpec& arch) : clock(arch.clock_hz), command("command_processor", arch, counts) {}
  virtual ~Chip() = default;
  Chip(const Chip&) = delete;
  Chip& operator=(const Chip&) = delete;

  ActivityCounts counts;
  ClockDomain clock;
  CommandProcessor command;

  virtual std::vector<const Component*> components() const = 0;
  // A program begins: all shared resources are free; counters stay, but for what instances did.
  virtual void begin();
  // How cores and channels shared the program's work.
  virtual WorkSharing sharing() const;
  // It has ended at `end`. When all that it has written is in DRAM.
  virtual Femtoseconds end(Femtoseconds end) = 0;

 protected:
  std::vector<Core*> all_cores_;
};

// At fidelity tile or cycle. Throws ConfigError: what that fidelity cannot simulate of the machine.
std::unique_ptr<Chip> make_chip(const ArchSpec& arch, Fidelity fidelity);

// Nothing waits: each block books what it is asked for. Chips on links.
struct TileChip : Chip {
  explicit TileChip(const ArchSpec& arch);

  std::unique_ptr<DramController> dram;
  std::unique_ptr<PimUnits> pim;         // null where the memory has none
  std::unique_ptr<SharedLevels> shared;  // null when the machine has none
  std::unique_ptr<Network> network;
  std::unique_ptr<EntryPlaces> places;
  std::unique_ptr<CollectiveEngine> collectives;
  std::unique_ptr<WakeQueue> wakes;  // of the tiles
  std::vector<std::unique_ptr<ComputeTile>> tiles;
  std::vector<ComputeTile*> views;  // of the tiles
  std::unique_ptr<TileSkipping> skipping;

  std::vector<const Component*> components() const override;
  void begin() override;
  Femtoseconds end(Femtoseconds end) override { return dram->drain(end); }
};

// Cores that wait for their lines, and a memory of flits, lines and DRAM commands: systolic arrays element by
// element, DRAM command by command, the network flit by flit. For blocks and small kernels. Left out, and
// refused by OperatorRunner: collectives (one chip), networks that multicast.
struct CycleChip : Chip {
  explicit CycleChip(const ArchSpec& arch);

  CycleMemory memory;
  AddressPlaces places;
  std::unique_ptr<PimUnits> pim;  // null where the memory has none
  std::vector<std::unique_ptr<CycleCore>> cores;

  std::vector<const Component*> components() const override;
  void begin() override;
  WorkSharing sharing() const override;
  Femtoseconds end(Femtoseconds end) override;

 private:
  std::uint64_t opened_ = 0;  // DRAM rows, before the program
};

}  // namespace orrery
