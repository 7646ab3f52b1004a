#pragma once
// The links of a node (or of several) and the collectives that run over them. Transfers move as granules; a
// granule takes every link of its way when it starts, in the order of events, so transfers of one collective,
// of two collectives, or of a collective and a stream share what they cross. One chip may be simulated in
// full: what its transfers read and write goes through its own memory. Left out: congestion inside a switch.

#include <functional>
#include <memory>
#include <queue>
#include <systemc>
#include <vector>

#include "models/core/calendar.h"
#include "models/core/component.h"
#include "models/core/granule.h"
#include "sim/timing/collective_choice.h"
#include "sim/timing/node_links.h"

namespace orrery {

// The memory of device 0.
class ChipDoor {
 public:
  virtual ~ChipDoor() = default;
  // Reads `bytes` from `offset` of the array at `now` (the current time), to be sent with `transfer`.
  virtual Reservation read(const CollectiveTransfer& transfer, Bytes offset, Bytes bytes,
                           Femtoseconds now) = 0;
  // Stores what arrives with it; when memory has taken it, links aside.
  virtual Femtoseconds write(const CollectiveTransfer& transfer, Bytes offset, Bytes bytes,
                             Femtoseconds now) = 0;
  // A schedule's last transfer has arrived.
  virtual void finished(std::size_t id, Femtoseconds end) = 0;
};

class NodeNetwork : public sc_core::sc_module, public Component {
 public:
  // `source` orders its wake-ups among those of other modules. Without a `door` all chips' memories are
  // infinitely fast.
  NodeNetwork(const sc_core::sc_module_name& name, const NodeSpec& node, std::uint32_t source = 0,
              ChipDoor* door = nullptr);

  // Starts a collective over `devices` chips at `t` (>= now) and returns its number. Throws SimulationError
  // when one over another number of chips is under way.
  std::size_t start(std::shared_ptr<const PlannedCollective> plan, std::uint32_t devices, Femtoseconds t);
  // When the last transfer of schedule `id` had arrived; 0 while it has not.
  Femtoseconds finished(std::size_t id) const { return runs_[id].left == 0 ? runs_[id].end : 0; }

  Bytes link_bytes() const { return link_bytes_; }  // over all links
  std::uint64_t granules() const { return granules_; }
  // Idle links, nothing under way or remembered.
  void reset();
  bool idle() const override { return running_ == 0; }
  std::string waiting_for() const override;

 private:
  struct Run {
    std::shared_ptr<const PlannedCollective> plan;
    std::vector<std::uint32_t> missing;               // data a transfer still waits for
    std::vector<std::vector<std::uint32_t>> waiting;  // transfers that wait for this one
    std::vector<std::uint64_t> sent;
    std::vector<Femtoseconds> stored;  // when the receiver's memory has what came so far
    std::size_t left = 0;
    Femtoseconds step = 0, end = 0;
  };
  struct Wake {
    Femtoseconds at;
    std::uint64_t order;
    std::uint32_t run, transfer;
    bool arrival;
    bool operator>(const Wake& other) const { return at != other.at ? at > other.at : order > other.order; }
  };

  const NodeSpec node_;
  const std::uint32_t source_;
  ChipDoor* const door_;
  std::unique_ptr<NodeLinks> links_;
  std::vector<Calendar> calendars_;  // of the links
  std::vector<Run> runs_;
  std::priority_queue<Wake, std::vector<Wake>, std::greater<>> agenda_;
  std::uint64_t order_ = 0;
  std::size_t running_ = 0;
  Bytes link_bytes_;
  std::uint64_t granules_ = 0;
  sc_core::sc_event wake_;

  void plan(Femtoseconds at, std::uint32_t run, std::uint32_t transfer, bool arrival);
  void send(std::uint32_t run, std::uint32_t transfer, Femtoseconds now);
  void arrive(std::uint32_t run, std::uint32_t transfer, Femtoseconds now);
  void step();
  void rearm();
};

}  // namespace orrery
