#include "models/noc/tile_network.h"

#include <algorithm>

namespace orrery {

TileNetwork::TileNetwork(const NocGraph& graph, NocSink& sink)
    : graph_(graph),
      sink_(sink),
      spec_(graph.spec().router),
      channels_(graph.channels().size()),
      routers_(graph.routers()),
      nodes_(graph.nodes()),
      wheel_(64) {
  for (Channel& c : channels_) {
    c.vcs.resize(spec_.num_vcs);
    c.crossbar_free.assign(spec_.input_speedup, 0);
  }
  for (std::uint32_t r = 0; r < routers_.size(); ++r) {
    routers_[r].grant.assign(graph.outputs(r).size(), 0);
    routers_[r].accept.assign(graph.inputs(r).size() * spec_.input_speedup, 0);
  }
}

void TileNetwork::send(const NocPacket& packet) {
  std::uint32_t id;
  if (free_.empty()) {
    id = static_cast<std::uint32_t>(packets_.size());
    packets_.emplace_back();
  } else {
    id = free_.back();
    free_.pop_back();
  }
  packets_[id].packet = packet;
  ++in_flight_;
  Node& node = nodes_[packet.from];
  node.waiting.push_back(id);
  book_node(packet.from, packet.created);
}

void TileNetwork::at(NocCycle t, What what, std::uint32_t id, std::uint32_t flits) {
  if (t - now_ >= static_cast<NocCycle>(wheel_.size())) widen(t - now_);
  slot(t)[static_cast<std::size_t>(what)].push_back({id, flits});
}

void TileNetwork::widen(NocCycle delay) {
  std::vector<Slot> old(wheel_.size());
  old.swap(wheel_);
  std::size_t size = old.size();
  while (static_cast<NocCycle>(size) <= delay) size *= 2;
  wheel_.resize(size);
  for (NocCycle t = now_; t < now_ + static_cast<NocCycle>(old.size()); ++t)
    slot(t).swap(old[static_cast<std::size_t>(t) & (old.size() - 1)]);
}

void TileNetwork::run(NocCycle end) {
  for (; now_ < end; ++now_) {
    for (std::size_t what = 0; what < kWhats; ++what) {
      // What happens may add to the slot, and widen the wheel.
      for (std::size_t i = 0; i < slot(now_)[what].size(); ++i)
        happen(static_cast<What>(what), slot(now_)[what][i]);
      slot(now_)[what].clear();
    }
  }
}

void TileNetwork::happen(What what, const Event& event) {
  const std::uint32_t id = event.id;
  switch (what) {
    case What::credit:
      return credit(id / spec_.num_vcs, id % spec_.num_vcs, event.flits, now_);
    case What::arrive:
      return arrive(id, now_);
    case What::eject:
      return eject(id, now_);
    case What::request:
      return ask(id, now_);
    case What::arbitrate:
      if (routers_[id].next == now_) arbitrate(id, now_);
      return;
    case What::inject:
      if (nodes_[id].next == now_) inject(id, now_);
      return;
  }
}

bool TileNetwork::room(const VirtualChannel& vc, std::uint32_t flits) const {
  return vc.occupied == 0 || vc.occupied + flits <= spec_.vc_buffer_flits;
}

void TileNetwork::credit(std::uint32_t channel, std::uint32_t v, std::uint32_t flits, NocCycle t) {
  VirtualChannel& vc = channels_[channel].vcs[v];
  vc.occupied -= flits;
  if (spec_.wait_for_tail_credit) vc.taken = false;
  const NocChannel& c = graph_.channels()[channel];
  if (c.from_router == kTerminal) {
    if (!nodes_[c.node].waiting.empty()) book_node(c.node, t);
  } else {
    serve_waiting(channel, t);
    book(c.from_router, t);
  }
}

void TileNetwork::arrive(std::uint32_t id, NocCycle t) {
  Packet& p = packets_[id];
  if (graph_.channels()[p.channel].to_router == kTerminal) {
    at(t + p.packet.flits - 1, What::eject, id);
    return;
  }
  VirtualChannel& vc = channels_[p.channel].vcs[p.vc];
  p.behind = kNone;
  if (vc.first == kNone) {
    vc.first = vc.last = id;
    at(t + spec_.routing_delay + spec_.vc_alloc_delay - 1, What::request, id);
  } else {
    packets_[vc.last].behind = id;
    vc.last = id;
  }
}

// The sink comes last: it may send.
void TileNetwork::eject(std::uint32_t id, NocCycle t) {
  const Packet p = packets_[id];
  at(t + 1 + graph_.channels()[p.channel].latency + spec_.credit_delay, What::credit,
     p.channel * spec_.num_vcs + p.vc, p.packet.flits);
  free_.push_back(id);
  --in_flight_;
  for (std::uint32_t f = 0; f < p.packet.flits; ++f) sink_.flit_ejected(t - static_cast<NocCycle>(f));
  sink_.packet_done(p.packet, t);
}

void TileNetwork::ask(std::uint32_t id, NocCycle t) {
  Packet& p = packets_[id];
  const std::uint32_t router = graph_.channels()[p.channel].to_router;
  const NocHop hop = graph_.route(router, p.packet.from, p.packet.to, p.packet.tie);
  p.out = graph_.outputs(router)[hop.port];
  p.vc_class = hop.vc_class;
  if (!take_vc(id, t)) channels_[p.out].wanted.push_back(id);
}

bool TileNetwork::take_vc(std::uint32_t id, NocCycle t) {
  Packet& p = packets_[id];
  Channel& out = channels_[p.out];
  const auto [first, last] = graph_.vc_range(p.vc_class);
  for (std::uint32_t v = first; v < last; ++v) {
    if (out.vcs[v].taken) continue;
    out.vcs[v].taken = true;
    p.out_vc = v;
    p.ready = t + spec_.sw_alloc_delay;
    const std::uint32_t router = graph_.channels()[p.channel].to_router;
    routers_[router].ready.push_back(id);
    book(router, p.ready);
    return true;
  }
  return false;
}

void TileNetwork::serve_waiting(std::uint32_t channel, NocCycle t) {
  auto& wanted = channels_[channel].wanted;
  for (auto it = wanted.begin(); it != wanted.end();) {
    it = take_vc(*it, t) ? wanted.erase(it) : it + 1;
  }
}

// An earlier look at the node stands.
void TileNetwork::book_node(std::uint32_t n, NocCycle t) {
  Node& node = nodes_[n];
  if (node.next >= 0 && node.next <= t) return;
  node.next = t;
  at(t, What::inject, n);
}

void TileNetwork::book(std::uint32_t router, NocCycle t) {
  Router& r = routers_[router];
  if (r.ready.empty() || (r.next >= 0 && r.next <= t)) return;
  r.next = t;
  at(t, What::arbitrate, router);
}

void TileNetwork::arbitrate(std::uint32_t router, NocCycle t) {
  Router& r = routers_[router];
  r.next = -1;
  const auto& outputs = graph_.outputs(router);
  const auto inputs = static_cast<std::uint32_t>(r.accept.size());
  const auto ports = static_cast<std::uint32_t>(outputs.size());
  // Each output offers itself to one input, each input takes one offer.
  offer_.assign(ports, kNone);
  offer_distance_.assign(ports, kNone);
  taken_.assign(inputs, kNone);
  taken_distance_.assign(inputs, kNone);
  NocCycle next = INT64_MAX;
  const auto input_of = [&](const Packet& p) {
    return graph_.channels()[p.channel].to_port * spec_.input_speedup + p.vc % spec_.input_speedup;
  };
  const auto can = [&](const Packet& p) {
    return std::max({p.ready, channels_[p.out].link_free,
                     channels_[p.channel].crossbar_free[p.vc % spec_.input_speedup]});
  };
  for (const std::uint32_t id : r.ready) {
    const Packet& p = packets_[id];
    const NocCycle from = can(p);
    if (from > t) continue;
    if (!room(channels_[p.out].vcs[p.out_vc], p.packet.flits)) continue;
    const std::uint32_t port = graph_.channels()[p.out].from_port;
    const std::uint32_t d = (input_of(p) + inputs - r.grant[port]) % inputs;
    if (d < offer_distance_[port]) {
      offer_distance_[port] = d;
      offer_[port] = id;
    }
  }
  for (std::uint32_t port = 0; port < ports; ++port) {
    if (offer_[port] == kNone) continue;
    const std::uint32_t in = input_of(packets_[offer_[port]]);
    const std::uint32_t d = (port + ports - r.accept[in]) % ports;
    if (d < taken_distance_[in]) {
      taken_distance_[in] = d;
      taken_[in] = offer_[port];
    }
  }
  for (std::uint32_t in = 0; in < inputs; ++in) {
    if (taken_[in] == kNone) continue;
    const std::uint32_t port = graph_.channels()[packets_[taken_[in]].out].from_port;
    r.grant[port] = (in + 1) % inputs;
    r.accept[in] = (port + 1) % ports;
    r.ready.erase(std::find(r.ready.begin(), r.ready.end(), taken_[in]));
    forward(taken_[in], t);
  }
  for (const std::uint32_t id : r.ready) {
    const Packet& p = packets_[id];
    if (!room(channels_[p.out].vcs[p.out_vc], p.packet.flits)) continue;
    next = std::min(next, std::max(t + 1, can(p)));
  }
  if (next != INT64_MAX) book(router, next);
}

void TileNetwork::forward(std::uint32_t id, NocCycle t) {
  Packet& p = packets_[id];
  const NocCycle flits = p.packet.flits;
  Channel& in = channels_[p.channel];
  Channel& out = channels_[p.out];
  in.crossbar_free[p.vc % spec_.input_speedup] = t + flits;
  out.link_free = t + flits;
  const NocChannel& from = graph_.channels()[p.channel];
  const NocCycle tail = t + flits - 1;
  at(tail + 1 + from.latency + (from.from_router == kTerminal ? 0 : spec_.credit_delay), What::credit,
     p.channel * spec_.num_vcs + p.vc, p.packet.flits);
  VirtualChannel& left = in.vcs[p.vc];
  left.first = p.behind;
  if (left.first != kNone) at(tail + spec_.routing_delay + spec_.vc_alloc_delay, What::request, left.first);
  VirtualChannel& next = out.vcs[p.out_vc];
  next.occupied += p.packet.flits;
  if (!spec_.wait_for_tail_credit) {
    next.taken = false;
    serve_waiting(p.out, t + flits);
  }
  at(t + spec_.crossbar_delay + 1 + graph_.channels()[p.out].latency, What::arrive, id);
  p.channel = p.out;
  p.vc = p.out_vc;
}

void TileNetwork::inject(std::uint32_t n, NocCycle t) {
  Node& node = nodes_[n];
  node.next = -1;
  if (node.waiting.empty()) return;
  const std::uint32_t channel = graph_.injection(n);
  Channel& c = channels_[channel];
  if (c.link_free > t) return book_node(n, c.link_free);
  const std::uint32_t id = node.waiting.front();
  Packet& p = packets_[id];
  if (p.packet.created > t) return book_node(n, p.packet.created);
  std::uint32_t v = 1;
  for (; v <= spec_.num_vcs; ++v) {
    const VirtualChannel& vc = c.vcs[(node.last_vc + v) % spec_.num_vcs];
    if (!vc.taken && room(vc, p.packet.flits)) break;
  }
  if (v > spec_.num_vcs) return;  // a credit wakes it
  node.last_vc = (node.last_vc + v) % spec_.num_vcs;
  VirtualChannel& vc = c.vcs[node.last_vc];
  vc.taken = spec_.wait_for_tail_credit;
  vc.occupied += p.packet.flits;
  p.channel = channel;
  p.vc = node.last_vc;
  p.packet.injected = t;
  node.waiting.pop_front();
  c.link_free = t + p.packet.flits;
  at(t + 1 + graph_.channels()[channel].latency, What::arrive, id);
  if (!node.waiting.empty())
    book_node(n, std::max(c.link_free, packets_[node.waiting.front()].packet.created));
}

}  // namespace orrery
