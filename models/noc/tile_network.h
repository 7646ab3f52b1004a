#pragma once
// A network at fidelity `tile`: packets hop by hop. A router gives virtual channels in the order in which
// heads ask for them, matches inputs and outputs of its switch once a cycle in which somebody waits, and a
// packet that has won keeps both for all its flits; buffers are credited by the packet. What `cycle` has
// beyond this: flits of several packets that share a link by turns, and virtual channels that are offered
// twice in one cycle.

#include <array>
#include <cstdint>
#include <deque>
#include <vector>

#include "models/noc/noc_packet.h"

namespace orrery {

class TileNetwork {
 public:
  TileNetwork(const NocGraph& graph, NocSink& sink);

  // Queues a packet at its node from `packet.created` on; not earlier than what has been run.
  void send(const NocPacket& packet);
  // All that happens before cycle `end`.
  void run(NocCycle end);
  bool idle() const { return in_flight_ == 0; }
  std::uint64_t waiting_packets(std::uint32_t node) const { return nodes_[node].waiting.size(); }

 private:
  static constexpr std::uint32_t kNone = 0xffffffff;
  // In the order in which a cycle takes them.
  enum class What : std::uint8_t { credit, arrive, eject, request, arbitrate, inject };
  static constexpr std::size_t kWhats = 6;
  struct Event {
    std::uint32_t id;     // packet, virtual channel (channel * num_vcs + vc), router or node
    std::uint32_t flits;  // of a credit
  };
  struct Packet {
    NocPacket packet;
    std::uint32_t channel = 0, vc = 0;  // whose buffer holds it
    std::uint32_t out = 0, out_vc = 0;  // where it goes next
    std::uint8_t vc_class = 0;
    std::uint32_t behind = kNone;  // the next packet of that buffer
    NocCycle ready = 0;            // may ask for the switch
  };
  // One virtual channel of a channel: the buffer at its far end.
  struct VirtualChannel {
    bool taken = false;
    std::uint32_t occupied = 0;                 // flits sent and not yet credited
    std::uint32_t first = kNone, last = kNone;  // packets that it holds, first to leave first
  };
  struct Channel {
    std::vector<VirtualChannel> vcs;
    std::vector<std::uint32_t> wanted;  // packets that wait for a virtual channel
    NocCycle link_free = 0;
    std::vector<NocCycle> crossbar_free;  // of the switch's inputs behind it
  };
  struct Router {
    std::vector<std::uint32_t> ready;   // packets with a virtual channel
    std::vector<std::uint32_t> grant;   // by output port: input to look at first
    std::vector<std::uint32_t> accept;  // by input: output to look at first
    NocCycle next = -1;                 // arbitration that is booked
  };
  struct Node {
    std::deque<std::uint32_t> waiting;
    std::uint32_t last_vc = 0;
    NocCycle next = -1;
  };

  const NocGraph& graph_;
  NocSink& sink_;
  RouterSpec spec_;
  std::vector<Channel> channels_;
  std::vector<Router> routers_;
  std::vector<Node> nodes_;
  std::vector<Packet> packets_;
  std::vector<std::uint32_t> free_;
  std::uint64_t in_flight_ = 0;
  NocCycle now_ = 0;
  // What is to come, by cycle modulo the size.
  using Slot = std::array<std::vector<Event>, kWhats>;
  std::vector<Slot> wheel_;
  // Scratch of one router's arbitration.
  std::vector<std::uint32_t> offer_, offer_distance_, taken_, taken_distance_;

  Slot& slot(NocCycle t) { return wheel_[static_cast<std::size_t>(t) & (wheel_.size() - 1)]; }
  void at(NocCycle t, What what, std::uint32_t id, std::uint32_t flits = 0);
  void widen(NocCycle delay);
  void happen(What what, const Event& event);
  void credit(std::uint32_t channel, std::uint32_t vc, std::uint32_t flits, NocCycle t);
  void arrive(std::uint32_t id, NocCycle t);
  void eject(std::uint32_t id, NocCycle t);
  void ask(std::uint32_t id, NocCycle t);
  bool take_vc(std::uint32_t id, NocCycle t);
  void serve_waiting(std::uint32_t channel, NocCycle t);
  void arbitrate(std::uint32_t router, NocCycle t);
  void book(std::uint32_t router, NocCycle t);
  void book_node(std::uint32_t node, NocCycle t);
  void forward(std::uint32_t id, NocCycle t);
  void inject(std::uint32_t node, NocCycle t);
  bool room(const VirtualChannel& vc, std::uint32_t flits) const;
};

}  // namespace orrery
