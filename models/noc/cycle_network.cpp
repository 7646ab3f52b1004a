#include "models/noc/cycle_network.h"

#include <algorithm>

namespace orrery {
namespace {

using Bits = std::vector<std::uint64_t>;

void set_bit(Bits& bits, std::uint32_t i) {
  bits[i / 64] |= std::uint64_t{1} << (i % 64);
}
void clear_bit(Bits& bits, std::uint32_t i) {
  bits[i / 64] &= ~(std::uint64_t{1} << (i % 64));
}

// The first set bit at or after `from`, going round; UINT32_MAX when there is none.
std::uint32_t first_from(const Bits& bits, std::uint32_t from) {
  const std::size_t words = bits.size();
  std::size_t w = from / 64;
  std::uint64_t word = bits[w] & (~std::uint64_t{0} << (from % 64));
  for (std::size_t i = 0; i <= words; ++i) {
    if (word != 0)
      return static_cast<std::uint32_t>(w * 64 + static_cast<std::size_t>(__builtin_ctzll(word)));
    w = w + 1 == words ? 0 : w + 1;
    word = bits[w];
  }
  return UINT32_MAX;
}

template <class Visit>
void each_bit(const Bits& bits, Visit visit) {
  for (std::size_t w = 0; w < bits.size(); ++w) {
    for (std::uint64_t word = bits[w]; word != 0; word &= word - 1)
      visit(static_cast<std::uint32_t>(w * 64 + static_cast<std::size_t>(__builtin_ctzll(word))));
  }
}

bool any(const Bits& bits) {
  return std::any_of(bits.begin(), bits.end(), [](std::uint64_t w) { return w != 0; });
}

// How far `at` lies behind the pointer, going round.
std::uint32_t behind(std::uint32_t at, std::uint32_t pointer, std::uint32_t size) {
  return at >= pointer ? at - pointer : at + size - pointer;
}

}  // namespace

CycleNetwork::CycleNetwork(const NocGraph& graph, NocSink& sink)
    : graph_(graph),
      sink_(sink),
      spec_(graph.spec().router),
      vcs_(spec_.num_vcs),
      depth_(spec_.vc_buffer_flits),
      routers_(graph.routers()),
      nodes_(graph.nodes()) {
  std::uint32_t ports = 0;
  std::uint32_t inputs = 0;
  for (std::uint32_t r = 0; r < routers_.size(); ++r) {
    Router& router = routers_[r];
    router.ports_in = static_cast<std::uint32_t>(graph.inputs(r).size());
    router.ports_out = static_cast<std::uint32_t>(graph.outputs(r).size());
    const std::size_t in_vcs = std::size_t{router.ports_in} * vcs_;
    const std::size_t out_vcs = std::size_t{router.ports_out} * vcs_;
    router.inputs.resize(in_vcs);
    router.outputs.resize(out_vcs);
    router.buffers.resize(in_vcs * depth_);
    router.waiting.assign((in_vcs + 63) / 64, 0);
    router.active.assign((in_vcs + 63) / 64, 0);
    router.vc_grant.assign(out_vcs, 0);
    router.vc_accept.assign(in_vcs, 0);
    router.sw_grant.assign(router.ports_out, 0);
    router.sw_accept.assign(std::size_t{router.ports_in} * spec_.input_speedup, 0);
    router.sw_turn.assign(std::size_t{router.ports_in} * spec_.input_speedup, 0);
    ports = std::max(ports, router.ports_out);
    inputs = std::max(inputs, router.ports_in);
  }
  for (Node& node : nodes_) node.outputs.resize(vcs_);
  std::uint32_t latency = 1;
  for (const NocChannel& c : graph.channels()) latency = std::max(latency, c.latency);
  const std::size_t horizon = latency + spec_.credit_delay + spec_.sw_alloc_delay + spec_.crossbar_delay + 4;
  arrivals_.resize(horizon);
  credits_.resize(horizon);
  const std::size_t in_vcs = std::size_t{inputs} * vcs_;
  const std::size_t expanded = std::size_t{inputs} * spec_.input_speedup;
  requests_.assign(std::size_t{ports} * (graph.vc_classes() + 1), Bits((in_vcs + 63) / 64, 0));
  grants_.assign(in_vcs, UINT32_MAX);
  choice_.resize(expanded * ports);
  switch_requests_.assign(ports, Bits((expanded + 63) / 64, 0));
  switch_grant_.assign(expanded, UINT32_MAX);
}

void CycleNetwork::send(const NocPacket& packet) {
  std::uint32_t id;
  if (free_packets_.empty()) {
    id = static_cast<std::uint32_t>(packets_.size());
    packets_.push_back(packet);
  } else {
    id = free_packets_.back();
    free_packets_.pop_back();
    packets_[id] = packet;
  }
  nodes_[packet.from].waiting.push_back(id);
  ++packets_in_flight_;
}

void CycleNetwork::step(NocCycle t) {
  deliver(t);
  for (std::uint32_t r = 0; r < routers_.size(); ++r) {
    Router& router = routers_[r];
    if (router.flits == 0) continue;
    vc_results_.clear();
    switch_results_.clear();
    // Both look at the state before either acts: a packet gets its channel in one cycle, the switch later.
    allocate_vcs(router, t);
    allocate_switch(router, t);
    apply(router, r, t);
  }
  for (std::uint32_t n = 0; n < nodes_.size(); ++n) {
    if (!nodes_[n].waiting.empty()) inject(n, t);
  }
}

void CycleNetwork::deliver(NocCycle t) {
  auto& credits = credits_at(t);
  for (const Credit& c : credits) take_credit(c);
  credits.clear();
  auto& arrivals = arrivals_at(t);
  for (const Arrival& a : arrivals) take_flit(a, t);
  arrivals.clear();
}

void CycleNetwork::credit(OutputVc& vc, bool wait_for_tail) {
  --vc.occupied;
  if (wait_for_tail && vc.occupied == 0 && vc.tail_sent) vc.taken = false;
}

void CycleNetwork::take_credit(const Credit& c) {
  const NocChannel& channel = graph_.channels()[c.channel];
  OutputVc& vc = channel.from_router == kTerminal
                     ? nodes_[channel.node].outputs[c.vc]
                     : routers_[channel.from_router].outputs[std::size_t{channel.from_port} * vcs_ + c.vc];
  credit(vc, spec_.wait_for_tail_credit);
}

void CycleNetwork::take_flit(const Arrival& a, NocCycle t) {
  const NocChannel& channel = graph_.channels()[a.channel];
  if (channel.to_router == kTerminal) {
    credits_at(t + 1 + channel.latency + spec_.credit_delay).push_back({a.channel, a.flit.vc});
    sink_.flit_ejected(t);
    if (a.flit.tail) {
      sink_.packet_done(packets_[a.flit.packet], t);
      free_packets_.push_back(a.flit.packet);
      --packets_in_flight_;
    }
    return;
  }
  Router& router = routers_[channel.to_router];
  const std::uint32_t input_vc = channel.to_port * vcs_ + a.flit.vc;
  InputVc& vc = router.inputs[input_vc];
  router.buffers[std::size_t{input_vc} * depth_ + (vc.first + vc.count) % depth_] = a.flit;
  ++vc.count;
  ++router.flits;
  if (vc.state == InputVc::State::idle) {
    start_packet(router, channel.to_router, input_vc, t + spec_.routing_delay);
  } else if (vc.state == InputVc::State::active) {
    set_bit(router.active, input_vc);
  }
}

// The head at the front of an input virtual channel asks for a way out from `ready` on.
void CycleNetwork::start_packet(Router& router, std::uint32_t router_id, std::uint32_t input_vc,
                                NocCycle ready) {
  InputVc& vc = router.inputs[input_vc];
  const Flit& head = router.buffers[std::size_t{input_vc} * depth_ + vc.first];
  const NocPacket& packet = packets_[head.packet];
  const NocHop hop = graph_.route(router_id, packet.from, packet.to, packet.tie);
  vc.state = InputVc::State::waiting;
  vc.out_port = hop.port;
  vc.vc_class = hop.vc_class;
  vc.ready = ready + spec_.vc_alloc_delay - 1;
  set_bit(router.waiting, input_vc);
}

void CycleNetwork::allocate_vcs(Router& router, NocCycle t) {
  if (!any(router.waiting)) return;
  const std::uint32_t classes = graph_.vc_classes() + 1;
  asked_.clear();
  each_bit(router.waiting, [&](std::uint32_t i) {
    const InputVc& vc = router.inputs[i];
    if (vc.ready > t) return;
    const std::uint32_t c = vc.vc_class == kAnyVc ? classes - 1 : vc.vc_class;
    Bits& bits = requests_[vc.out_port * classes + c];
    if (!any(bits)) asked_.push_back(vc.out_port * classes + c);
    set_bit(bits, i);
  });
  granted_.clear();
  // Each free output virtual channel grants one of its requests; each input takes one of its grants.
  const auto in_vcs = static_cast<std::uint32_t>(router.inputs.size());
  const auto out_vcs = static_cast<std::uint32_t>(router.outputs.size());
  for (const std::uint32_t request : asked_) {
    const std::uint32_t port = request / classes;
    const std::uint32_t c = request % classes;
    const auto [first, last] = graph_.vc_range(c + 1 == classes ? kAnyVc : static_cast<std::uint8_t>(c));
    for (std::uint32_t v = first; v < last; ++v) {
      const std::uint32_t out = port * vcs_ + v;
      if (router.outputs[out].taken) continue;
      const std::uint32_t in = first_from(requests_[request], router.vc_grant[out] % in_vcs);
      const std::uint32_t pointer = router.vc_accept[in];
      std::uint32_t& best = grants_[in];
      if (best == UINT32_MAX) granted_.push_back(in);
      if (best == UINT32_MAX || behind(out, pointer, out_vcs) < behind(best, pointer, out_vcs)) best = out;
    }
  }
  for (const std::uint32_t in : granted_) {
    const std::uint32_t out = grants_[in];
    grants_[in] = UINT32_MAX;
    // Two classes may have granted one output virtual channel (never with disjoint ranges).
    if (router.outputs[out].taken) continue;
    router.outputs[out].taken = true;
    router.vc_grant[out] = (in + 1) % in_vcs;
    router.vc_accept[in] = (out + 1) % out_vcs;
    vc_results_.push_back({in, out});
  }
  for (const std::uint32_t request : asked_)
    std::fill(requests_[request].begin(), requests_[request].end(), 0);
}

void CycleNetwork::allocate_switch(Router& router, NocCycle t) {
  if (!any(router.active)) return;
  const std::uint32_t speedup = spec_.input_speedup;
  const std::uint32_t ports = router.ports_out;
  switch_asked_.clear();
  each_bit(router.active, [&](std::uint32_t i) {
    const InputVc& vc = router.inputs[i];
    if (vc.ready > t) return;
    if (router.outputs[std::size_t{vc.out_port} * vcs_ + vc.out_vc].occupied >= depth_) return;
    const std::uint32_t v = i % vcs_;
    const std::uint32_t in = i / vcs_ * speedup + v % speedup;
    SwitchChoice& choice = choice_[std::size_t{in} * ports + vc.out_port];
    Bits& bits = switch_requests_[vc.out_port];
    if (choice.input_vc == UINT32_MAX) {
      if (!any(bits)) switch_asked_.push_back(vc.out_port);
      set_bit(bits, in);
      choice.input_vc = i;
    } else if (behind(v, router.sw_turn[in], vcs_) <
               behind(choice.input_vc % vcs_, router.sw_turn[in], vcs_)) {
      choice.input_vc = i;
    }
  });
  switch_granted_.clear();
  const std::uint32_t inputs = router.ports_in * speedup;
  for (const std::uint32_t out : switch_asked_) {
    const std::uint32_t in = first_from(switch_requests_[out], router.sw_grant[out] % inputs);
    std::uint32_t& best = switch_grant_[in];
    if (best == UINT32_MAX) switch_granted_.push_back(in);
    if (best == UINT32_MAX ||
        behind(out, router.sw_accept[in], ports) < behind(best, router.sw_accept[in], ports))
      best = out;
  }
  for (const std::uint32_t in : switch_granted_) {
    const std::uint32_t out = switch_grant_[in];
    switch_grant_[in] = UINT32_MAX;
    const std::uint32_t input_vc = choice_[std::size_t{in} * ports + out].input_vc;
    router.sw_grant[out] = (in + 1) % inputs;
    router.sw_accept[in] = (out + 1) % ports;
    router.sw_turn[in] = (input_vc % vcs_ + 1) % vcs_;
    switch_results_.push_back(input_vc);
  }
  for (const std::uint32_t out : switch_asked_) {
    each_bit(switch_requests_[out],
             [&](std::uint32_t in) { choice_[std::size_t{in} * ports + out].input_vc = UINT32_MAX; });
    std::fill(switch_requests_[out].begin(), switch_requests_[out].end(), 0);
  }
}

void CycleNetwork::apply(Router& router, std::uint32_t router_id, NocCycle t) {
  for (const auto& [in, out] : vc_results_) {
    InputVc& vc = router.inputs[in];
    vc.state = InputVc::State::active;
    vc.out_vc = static_cast<std::uint16_t>(out % vcs_);
    vc.ready = t + spec_.sw_alloc_delay;
    router.outputs[out].tail_sent = false;
    clear_bit(router.waiting, in);
    set_bit(router.active, in);
  }
  for (const std::uint32_t in : switch_results_) forward(router, router_id, in, t);
}

// True when the virtual channel is free again with this flit.
bool CycleNetwork::sending(OutputVc& vc, const Flit& flit) const {
  ++vc.occupied;
  if (!flit.tail) return false;
  vc.tail_sent = true;
  if (!spec_.wait_for_tail_credit) vc.taken = false;
  return true;
}

void CycleNetwork::forward(Router& router, std::uint32_t router_id, std::uint32_t input_vc, NocCycle t) {
  InputVc& vc = router.inputs[input_vc];
  Flit flit = router.buffers[std::size_t{input_vc} * depth_ + vc.first];
  vc.first = (vc.first + 1) % depth_;
  --vc.count;
  --router.flits;
  const std::uint32_t in = graph_.inputs(router_id)[input_vc / vcs_];
  credits_at(t + 1 + graph_.channels()[in].latency +
             (graph_.channels()[in].from_router == kTerminal ? 0 : spec_.credit_delay))
      .push_back({in, flit.vc});
  sending(router.outputs[std::size_t{vc.out_port} * vcs_ + vc.out_vc], flit);
  const std::uint32_t out = graph_.outputs(router_id)[vc.out_port];
  flit.vc = vc.out_vc;
  arrivals_at(t + spec_.crossbar_delay + 1 + graph_.channels()[out].latency).push_back({out, flit});
  if (!flit.tail) {
    if (vc.count == 0) clear_bit(router.active, input_vc);
    return;
  }
  clear_bit(router.active, input_vc);
  vc.state = InputVc::State::idle;
  if (vc.count > 0) start_packet(router, router_id, input_vc, t + 1 + spec_.routing_delay);
}

void CycleNetwork::inject(std::uint32_t n, NocCycle t) {
  Node& node = nodes_[n];
  NocPacket& packet = packets_[node.waiting.front()];
  if (!node.has_vc) {
    std::uint32_t v = 0;
    for (v = 1; v <= vcs_; ++v) {
      if (!node.outputs[(node.last_vc + v) % vcs_].taken) break;
    }
    if (v > vcs_) return;
    node.vc = (node.last_vc + v) % vcs_;
    node.last_vc = node.vc;
    node.outputs[node.vc].taken = true;
    node.outputs[node.vc].tail_sent = false;
    node.has_vc = true;
  }
  OutputVc& vc = node.outputs[node.vc];
  if (vc.occupied >= depth_) return;
  Flit flit{node.waiting.front(), static_cast<std::uint16_t>(node.vc), node.sent == 0,
            node.sent + 1 == packet.flits};
  if (flit.head) packet.injected = t;
  sending(vc, flit);
  const std::uint32_t channel = graph_.injection(n);
  arrivals_at(t + 1 + graph_.channels()[channel].latency).push_back({channel, flit});
  if (++node.sent == packet.flits) {
    node.sent = 0;
    node.has_vc = false;
    node.waiting.pop_front();
  }
}

}  // namespace orrery
