#include "models/noc/tile_network.h"

#include <algorithm>

namespace orrery {

TileNetwork::Cycle TileNetwork::Calendar::earliest(Cycle t, Cycle length) const {
  auto it = std::partition_point(busy_.begin(), busy_.end(), [&](const Interval& i) { return i.to <= t; });
  for (; it != busy_.end() && it->from < t + length; ++it) t = std::max(t, it->to);
  return t;
}

void TileNetwork::Calendar::insert(Cycle t, Cycle length) {
  auto it = std::partition_point(busy_.begin(), busy_.end(), [&](const Interval& i) { return i.from < t; });
  // Neighbours that touch become one.
  const bool joins_before = it != busy_.begin() && (it - 1)->to == t;
  const bool joins_after = it != busy_.end() && it->from == t + length;
  if (joins_before && joins_after) {
    (it - 1)->to = it->to;
    busy_.erase(it);
  } else if (joins_before) {
    (it - 1)->to = t + length;
  } else if (joins_after) {
    it->from = t;
  } else {
    busy_.insert(it, {t, t + length});
  }
}

void TileNetwork::Calendar::forget(Cycle t) {
  std::size_t n = 0;
  while (n < busy_.size() && busy_[n].to < t) ++n;
  if (n > 0) busy_.erase(busy_.begin(), busy_.begin() + static_cast<std::ptrdiff_t>(n));
}

TileNetwork::TileNetwork(const NocGraph& graph)
    : graph_(graph), spec_(graph.spec().router), channels_(graph.channels().size()) {
  for (Channel& c : channels_) {
    c.vc_free.assign(spec_.num_vcs, 0);
    c.crossbar.resize(spec_.input_speedup);
  }
}

void TileNetwork::forget(Cycle t) {
  if (t < forgotten_ + 64) return;
  forgotten_ = t;
  for (Channel& c : channels_) {
    c.link.forget(t);
    for (Calendar& port : c.crossbar) port.forget(t);
  }
}

TileNetwork::Taken TileNetwork::take(std::uint32_t channel, std::uint8_t vc_class, Cycle from,
                                     std::uint32_t flits, Calendar* crossbar) {
  Channel& c = channels_[channel];
  const auto [first, last] = graph_.vc_range(vc_class);
  const auto vc = std::min_element(c.vc_free.begin() + first, c.vc_free.begin() + last);
  Cycle start = std::max(from, *vc);
  while (true) {
    Cycle next = c.link.earliest(start, flits);
    if (crossbar != nullptr) next = crossbar->earliest(next, flits);
    if (next == start) break;
    start = next;
  }
  c.link.insert(start, flits);
  if (crossbar != nullptr) crossbar->insert(start, flits);
  flits_moved_ += flits;
  *vc = INT64_MAX / 2;
  return {channel, static_cast<std::uint32_t>(vc - c.vc_free.begin()), start};
}

// The buffer of a virtual channel is empty when the tail leaves it; without waiting for that, it may be given
// away when the tail was sent into it.
void TileNetwork::release(const Taken& held, Cycle tail_leaves) {
  const NocChannel& c = graph_.channels()[held.channel];
  const Cycle credit = c.from_router == kTerminal ? 0 : spec_.credit_delay;
  const Cycle back = tail_leaves + 1 + c.latency + credit;
  channels_[held.channel].vc_free[held.vc] = back + (c.from_router == kTerminal ? 0 : spec_.vc_alloc_delay);
}

TileNetwork::Passage TileNetwork::reserve(std::uint32_t from, std::uint32_t to, std::uint32_t flits,
                                          std::uint32_t tie, Cycle t) {
  forget(t);
  const std::uint32_t injection = graph_.injection(from);
  Taken held = take(injection, kAnyVc, t, flits, nullptr);
  Passage passage;
  passage.injected = held.start;
  Cycle head = held.start + 1 + graph_.channels()[injection].latency;
  Cycle start = held.start;
  while (graph_.channels()[held.channel].to_router != kTerminal) {
    const std::uint32_t router = graph_.channels()[held.channel].to_router;
    const NocHop hop = graph_.route(router, from, to, tie);
    const std::uint32_t out = graph_.outputs(router)[hop.port];
    Calendar& crossbar = channels_[held.channel].crossbar[held.vc % spec_.input_speedup];
    const Taken next = take(out, hop.vc_class, head + routing_delay(), flits, &crossbar);
    start = next.start;
    const Cycle tail = start + flits - 1;
    if (spec_.wait_for_tail_credit) {
      release(held, tail);
    } else {
      // Given away when its tail was sent; the buffer behind bounds how far it runs ahead.
      const Cycle sent = held.start + flits;
      channels_[held.channel].vc_free[held.vc] =
          std::max(sent, start + static_cast<Cycle>(flits) - spec_.vc_buffer_flits);
    }
    head = start + flight(out);
    held = next;
  }
  passage.done = head + flits - 1;
  release(held, passage.done);
  return passage;
}

TileNetwork::Cycle TileNetwork::node_free(std::uint32_t node) const {
  const Channel& c = channels_[graph_.injection(node)];
  return *std::min_element(c.vc_free.begin(), c.vc_free.end());
}

TileNetwork::Cycle TileNetwork::multicast(std::uint32_t from, const std::vector<std::uint32_t>& targets,
                                          std::uint32_t flits, Cycle t) {
  forget(t);
  // When the head reaches the far end of a channel that the tree has taken.
  std::vector<std::pair<std::uint32_t, Cycle>> reached;
  Cycle last = t;
  for (const std::uint32_t to : targets) {
    Cycle head = t;
    for (const std::uint32_t channel : graph_.path(from, to, 0)) {
      const auto shared =
          std::find_if(reached.begin(), reached.end(), [&](const auto& r) { return r.first == channel; });
      if (shared != reached.end()) {
        head = shared->second;
        continue;
      }
      const bool injects = graph_.channels()[channel].from_router == kTerminal;
      const Cycle start = channels_[channel].link.earliest(injects ? head : head + routing_delay(), flits);
      channels_[channel].link.insert(start, flits);
      flits_moved_ += flits;
      head = start + (injects ? 1 + graph_.channels()[channel].latency : flight(channel));
      reached.push_back({channel, head});
    }
    last = std::max(last, head + flits - 1);
  }
  return last;
}

TileNetwork::Cycle TileNetwork::reduce(const std::vector<std::uint32_t>& sources, std::uint32_t to,
                                       std::uint32_t flits, Cycle t) {
  forget(t);
  // Ways from all sources; a channel's packet leaves when all that feed it have come.
  std::vector<std::vector<std::uint32_t>> ways;
  ways.reserve(sources.size());
  for (const std::uint32_t from : sources) ways.push_back(graph_.path(from, to, 0));
  std::vector<std::pair<std::uint32_t, Cycle>> arrived;  // channel, its head at the far end
  const auto arrival = [&](std::uint32_t channel) {
    const auto it =
        std::find_if(arrived.begin(), arrived.end(), [&](const auto& a) { return a.first == channel; });
    return it == arrived.end() ? Cycle{-1} : it->second;
  };
  Cycle last = t;
  // Channels by distance from the destination, farthest first: what feeds a channel is done before it.
  std::size_t longest = 0;
  for (const auto& way : ways) longest = std::max(longest, way.size());
  for (std::size_t left = longest; left > 0; --left) {
    for (const auto& way : ways) {
      if (way.size() < left) continue;
      const std::size_t at = way.size() - left;
      const std::uint32_t channel = way[at];
      if (arrival(channel) >= 0) continue;
      Cycle from = t;
      for (const auto& other : ways) {
        const auto it = std::find(other.begin(), other.end(), channel);
        if (it != other.end() && it != other.begin())
          from = std::max(from, arrival(*(it - 1)) + routing_delay());
      }
      const bool injects = graph_.channels()[channel].from_router == kTerminal;
      const Cycle start = channels_[channel].link.earliest(from, flits);
      channels_[channel].link.insert(start, flits);
      flits_moved_ += flits;
      const Cycle head = start + (injects ? 1 + graph_.channels()[channel].latency : flight(channel));
      arrived.push_back({channel, head});
      last = std::max(last, head + flits - 1);
    }
  }
  return last;
}

}  // namespace orrery
