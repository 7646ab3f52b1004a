#pragma once
// A network at flit level (fidelity `cycle`): input-queued routers with virtual channels, credit flow
// control, wormhole switching, separable iSLIP allocation (McKeown, 1999) of virtual channels and of the
// switch, and pipelined channels. Advances a cycle at a time; routers without flits cost nothing.
//
// A head flit that arrives in cycle t is routed (routing_delay), gets a virtual channel (vc_alloc_delay),
// the switch (sw_alloc_delay), crosses it (crossbar_delay) and the channel; body flits skip the first two.

#include <cstdint>
#include <deque>
#include <vector>

#include "models/noc/noc_packet.h"

namespace orrery {

class CycleNetwork {
 public:
  CycleNetwork(const NocGraph& graph, NocSink& sink);

  // Queues a packet at its node; nodes hold any number.
  void send(const NocPacket& packet);
  // Simulates cycle `t`; call with consecutive cycles.
  void step(NocCycle t);
  bool idle() const { return packets_in_flight_ == 0; }
  // Cycles after which nothing (a credit) is still on its way in an idle network.
  NocCycle horizon() const { return static_cast<NocCycle>(arrivals_.size()); }
  std::uint64_t waiting_packets(std::uint32_t node) const { return nodes_[node].waiting.size(); }

 private:
  struct Flit {
    std::uint32_t packet;
    std::uint16_t vc;
    bool head, tail;
  };
  // One virtual channel of an input port.
  struct InputVc {
    enum class State : std::uint8_t { idle, waiting, active };
    State state = State::idle;
    std::uint16_t out_port = 0, out_vc = 0;
    std::uint8_t vc_class = 0;
    NocCycle ready = 0;                  // may ask for a virtual channel (waiting) or the switch (active)
    std::uint32_t first = 0, count = 0;  // of the ring in buffers_
  };
  // One virtual channel of an output port: the state of the buffer at the other end.
  struct OutputVc {
    bool taken = false;
    bool tail_sent = false;
    std::uint32_t occupied = 0;
  };
  using Bits = std::vector<std::uint64_t>;
  struct Router {
    std::uint32_t ports_in = 0, ports_out = 0;
    std::vector<InputVc> inputs;    // [port * vcs + vc]
    std::vector<OutputVc> outputs;  // [port * vcs + vc]
    std::vector<Flit> buffers;      // [input vc * depth + place]
    Bits waiting, active;           // input virtual channels in those states (active: with flits)
    std::uint32_t flits = 0;
    // iSLIP pointers: virtual channels and switch, outputs' and inputs'.
    std::vector<std::uint32_t> vc_grant, vc_accept, sw_grant, sw_accept, sw_turn;
  };
  struct Node {
    std::deque<std::uint32_t> waiting;  // packets
    std::uint32_t sent = 0;             // flits of the first one
    std::uint32_t vc = 0;
    std::uint32_t last_vc = 0;
    bool has_vc = false;  // `vc` is this packet's
    std::vector<OutputVc> outputs;
  };
  struct Arrival {
    std::uint32_t channel;
    Flit flit;
  };
  struct Credit {
    std::uint32_t channel;
    std::uint16_t vc;
  };
  struct SwitchChoice {
    std::uint32_t input_vc = UINT32_MAX;
  };

  const NocGraph& graph_;
  NocSink& sink_;
  RouterSpec spec_;
  std::uint32_t vcs_, depth_;
  std::vector<Router> routers_;
  std::vector<Node> nodes_;
  std::vector<NocPacket> packets_;
  std::vector<std::uint32_t> free_packets_;
  std::uint64_t packets_in_flight_ = 0;
  // What arrives in a cycle, by cycle modulo the size.
  std::vector<std::vector<Arrival>> arrivals_;
  std::vector<std::vector<Credit>> credits_;
  // Scratch of one router's allocation.
  std::vector<Bits> requests_;          // [output port * classes + class]: input virtual channels
  std::vector<std::uint32_t> asked_;    // output ports with requests
  std::vector<std::uint32_t> grants_;   // best grant of an input virtual channel
  std::vector<std::uint32_t> granted_;  // inputs with grants
  std::vector<SwitchChoice> choice_;    // [expanded input * ports + output]
  std::vector<Bits> switch_requests_;   // [output]: expanded inputs
  std::vector<std::uint32_t> switch_asked_;
  std::vector<std::uint32_t> switch_grant_;
  std::vector<std::uint32_t> switch_granted_;
  std::vector<std::pair<std::uint32_t, std::uint32_t>> vc_results_;  // input vc, output vc
  std::vector<std::uint32_t> switch_results_;                        // input vcs

  void deliver(NocCycle t);
  void take_flit(const Arrival& arrival, NocCycle t);
  void take_credit(const Credit& credit);
  static void credit(OutputVc& vc, bool wait_for_tail);
  void start_packet(Router& router, std::uint32_t router_id, std::uint32_t input_vc, NocCycle ready);
  void allocate_vcs(Router& router, NocCycle t);
  void allocate_switch(Router& router, NocCycle t);
  void apply(Router& router, std::uint32_t router_id, NocCycle t);
  void inject(std::uint32_t node, NocCycle t);
  void forward(Router& router, std::uint32_t router_id, std::uint32_t input_vc, NocCycle t);
  bool sending(OutputVc& vc, const Flit& flit) const;
  std::vector<Arrival>& arrivals_at(NocCycle t) {
    return arrivals_[static_cast<std::size_t>(t) % arrivals_.size()];
  }
  std::vector<Credit>& credits_at(NocCycle t) {
    return credits_[static_cast<std::size_t>(t) % credits_.size()];
  }
};

}  // namespace orrery
