#pragma once
// A network at fidelity `tile`: a packet reserves every channel of its way at once. Each channel is a
// calendar of busy intervals that keeps its gaps, and a pool of virtual channels: a packet holds one until
// its tail has left the router at the other end and the credit is back, which is what bounds a router's
// throughput. Latencies of the pipeline are added in between. No flits, no allocators.

#include <cstdint>
#include <vector>

#include "models/noc/noc_graph.h"

namespace orrery {

class TileNetwork {
 public:
  using Cycle = std::int64_t;

  explicit TileNetwork(const NocGraph& graph);

  struct Passage {
    Cycle injected;  // the head left its node
    Cycle done;      // the tail arrived
  };
  // A packet that wants to leave its node at `t`. Calls come in order of `t`.
  Passage reserve(std::uint32_t from, std::uint32_t to, std::uint32_t flits, std::uint32_t tie, Cycle t);

  // To every node of `targets` along a tree: a channel that several ways share is taken once. Returns when
  // the last tail is there.
  Cycle multicast(std::uint32_t from, const std::vector<std::uint32_t>& targets, std::uint32_t flits,
                  Cycle t);
  // The way back: partial results of all `sources` meet in the routers of the same tree and are added there,
  // so that each channel carries one packet.
  Cycle reduce(const std::vector<std::uint32_t>& sources, std::uint32_t to, std::uint32_t flits, Cycle t);

  // When the node could inject its next packet.
  Cycle node_free(std::uint32_t node) const;
  std::uint64_t flits_moved() const { return flits_moved_; }  // over all channels

 private:
  // Busy intervals in order, gaps kept.
  class Calendar {
   public:
    Cycle earliest(Cycle t, Cycle length) const;
    void insert(Cycle t, Cycle length);
    void forget(Cycle t);

   private:
    struct Interval {
      Cycle from, to;
    };
    std::vector<Interval> busy_;
  };
  struct Channel {
    Calendar link;
    std::vector<Calendar> crossbar;  // inputs of the crossbar behind it: one a turn of its virtual channels
    std::vector<Cycle> vc_free;      // when a virtual channel may be given away
  };

  const NocGraph& graph_;
  RouterSpec spec_;
  std::vector<Channel> channels_;
  Cycle forgotten_ = 0;
  std::uint64_t flits_moved_ = 0;

  struct Taken {
    std::uint32_t channel, vc;
    Cycle start;
  };
  Taken take(std::uint32_t channel, std::uint8_t vc_class, Cycle from, std::uint32_t flits,
             Calendar* crossbar);
  void release(const Taken& held, Cycle tail_leaves);
  void forget(Cycle t);
  Cycle routing_delay() const { return spec_.routing_delay + spec_.vc_alloc_delay; }
  // From the switch of a router to the arrival at the other end of a channel.
  Cycle flight(std::uint32_t channel) const {
    return spec_.sw_alloc_delay - 1 + spec_.crossbar_delay + 1 + graph_.channels()[channel].latency;
  }
};

}  // namespace orrery
