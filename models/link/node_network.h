#pragma once
// The links of a node (or of several) and the collectives that run over them. Transfers move as granules; a
// granule takes every link of its way when it starts, in the order of events, so transfers of one collective,
// of two collectives, or of a collective and a stream share what they cross. Each chip has one way in and one
// way out to a switch, or a link to each neighbour.

#include <functional>
#include <memory>
#include <queue>
#include <systemc>
#include <vector>

#include "models/core/calendar.h"
#include "models/core/component.h"
#include "models/link/node_links.h"

namespace orrery {

class NodeNetwork : public sc_core::sc_module, public Component {
 public:
  NodeNetwork(const sc_core::sc_module_name& name, const NodeFile& node, std::uint32_t devices, double share);

  // Starts a schedule at `t` (>= now); a transfer starts `step` after its data is there, the first ones also
  // `base` later. Returns its number.
  std::size_t start(CollectiveSchedule schedule, Femtoseconds t, Femtoseconds base, Femtoseconds step);
  // When the last transfer of schedule `id` had arrived; 0 while it has not.
  Femtoseconds finished(std::size_t id) const { return runs_[id].left == 0 ? runs_[id].end : 0; }

  std::uint64_t link_bytes() const { return link_bytes_; }  // over all links
  std::uint64_t granules() const { return granules_; }
  bool idle() const override { return running_ == 0; }
  std::string waiting_for() const override;

 private:
  struct Run {
    CollectiveSchedule schedule;
    std::vector<std::uint32_t> missing;               // data a transfer still waits for
    std::vector<std::vector<std::uint32_t>> waiting;  // transfers that wait for this one
    std::vector<std::uint64_t> sent;
    std::vector<Femtoseconds> ready;  // when the data it waits for was there
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

  NodeLinks links_;
  std::vector<Calendar> calendars_;  // of the links
  std::vector<Run> runs_;
  std::priority_queue<Wake, std::vector<Wake>, std::greater<>> agenda_;
  std::uint64_t order_ = 0;
  std::size_t running_ = 0;
  std::uint64_t link_bytes_ = 0, granules_ = 0;
  sc_core::sc_event wake_;

  void plan(Femtoseconds at, std::uint32_t run, std::uint32_t transfer, bool arrival);
  void send(std::uint32_t run, std::uint32_t transfer, Femtoseconds now);
  void arrive(std::uint32_t run, std::uint32_t transfer, Femtoseconds now);
  void step();
  void rearm();
};

}  // namespace orrery
