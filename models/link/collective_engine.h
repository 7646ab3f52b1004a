#pragma once
// Runs a program's collectives over the node's simulated links, as planned (sim/timing/collective_choice).
// The machine is device 0 of the node: what it sends is read, and what it receives is written, through its
// own network on chip, shared buffer and DRAM, so a collective contends with whatever runs beside it. The
// other devices' memories are taken for as fast as their links.

#include <systemc>

#include "models/core/component.h"
#include "models/link/node_network.h"
#include "sim/program/program.h"
#include "sim/stats/activity_counts.h"

namespace orrery {

class CollectiveListener {
 public:
  virtual ~CollectiveListener() = default;
  virtual void collective_done(Femtoseconds done) = 0;
};

class CollectiveEngine : public sc_core::sc_module, public Component, private ChipDoor {
 public:
  sc_core::sc_port<GranuleInterface> network;

  // `source` is the engine's own port of the network on chip.
  CollectiveEngine(const sc_core::sc_module_name& name, const NodeSpec& node, CoreId source,
                   ActivityCounts& counts, CollectiveListener& listener);

  // Starts a collective at t (>= now); one at a time. `input` and `output` are the first entries of the
  // array's pieces in the shared buffer (kNoEntry: not kept there).
  void begin(const CollectiveTask& task, Femtoseconds t, std::uint32_t input, std::uint32_t output);
  // From now on granules go straight to DRAM.
  void bypass_shared_buffer() { input_ = output_ = kNoEntry; }
  // Pieces the shared buffer keeps of the array.
  static std::vector<Bytes> pieces(const CollectiveTask& task);
  void reset() { links_.reset(); }

  bool idle() const override { return links_.idle(); }
  std::string waiting_for() const override { return links_.waiting_for(); }

 private:
  const CoreId source_;
  ActivityCounts& counts_;
  CollectiveListener& listener_;
  NodeNetwork links_;
  CollectiveTask task_;
  std::uint32_t input_ = kNoEntry, output_ = kNoEntry;

  Reservation read(const CollectiveTransfer& transfer, Bytes offset, Bytes bytes, Femtoseconds now) override;
  Femtoseconds write(const CollectiveTransfer& transfer, Bytes offset, Bytes bytes,
                     Femtoseconds now) override;
  void finished(std::size_t id, Femtoseconds end) override;
  // Moves a range of the array, piece by piece.
  Reservation move(std::uint32_t first_entry, Bytes offset, Bytes bytes, bool write, Femtoseconds now);
};

}  // namespace orrery
