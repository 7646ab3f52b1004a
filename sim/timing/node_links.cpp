#include "sim/timing/node_links.h"

#include <algorithm>
#include <cmath>
#include <deque>

#include "sim/util/errors.h"

namespace orrery {

NodeLinks::NodeLinks(const NodeSpec& node, std::uint32_t devices)
    : node_(node), devices_(devices), vertices_(devices), switch_(devices) {
  const std::uint32_t nodes = ceil_div(devices, node.chips);
  const double rate = node.link.bytes_per_s * node.link.payload_share();
  for (std::uint32_t n = 0; n < nodes; ++n)
    build_node(n * node.chips, std::min(node.chips, devices - n * node.chips), rate);
  if (nodes > 1) {
    const std::uint32_t outer = vertices_++;
    const double out = node.nic.bytes_per_s * node.nic.payload_share() * std::max(1u, node.nics);
    for (std::uint32_t n = 0; n < nodes; ++n) {
      // All chips of a node share its way out.
      const std::uint32_t door = vertices_++;
      doors_.push_back(door);
      for (std::uint32_t c = n * node.chips; c < std::min(devices, (n + 1) * node.chips); ++c)
        add_pair(c, door, rate, node.link.latency_ns);
      add_pair(door, outer, out, node.nic.latency_ns);
    }
  }
  out_.resize(vertices_);
  for (std::uint32_t l = 0; l < links_.size(); ++l) out_[links_[l].from].push_back(l);
  ways_.resize(std::size_t{vertices_} * vertices_);
}

void NodeLinks::add_link(std::uint32_t from, std::uint32_t to, double bytes_per_s, double latency_ns) {
  links_.push_back({from, to, kFsPerSecond / bytes_per_s, from_ns(latency_ns)});
}

void NodeLinks::add_pair(std::uint32_t a, std::uint32_t b, double bytes_per_s, double latency_ns) {
  add_link(a, b, bytes_per_s, latency_ns);
  add_link(b, a, bytes_per_s, latency_ns);
}

void NodeLinks::build_node(std::uint32_t first, std::uint32_t chips, double rate) {
  const double latency = node_.link.latency_ns;
  switch (node_.topology) {
    case NodeTopology::switched: {
      const std::uint32_t hub = vertices_++;
      for (std::uint32_t c = 0; c < chips; ++c) {
        add_link(first + c, hub, rate, latency);
        add_link(hub, first + c, rate, node_.switch_latency_ns);
      }
      break;
    }
    case NodeTopology::fully_connected:
      for (std::uint32_t a = 0; a < chips; ++a) {
        for (std::uint32_t b = 0; b < a; ++b)
          add_pair(first + a, first + b, rate / std::max(1u, node_.chips - 1), latency);
      }
      break;
    case NodeTopology::ring:
      // Half the links each way round.
      for (std::uint32_t c = 0; c < chips; ++c) {
        if (chips == 2 && c == 1) break;
        add_pair(first + c, first + (c + 1) % chips, chips == 2 ? rate : rate / 2, latency);
      }
      break;
    case NodeTopology::torus: {
      std::uint32_t ways = 0;
      for (const std::uint32_t d : node_.dimensions) ways += d > 2 ? 2 : (d > 1 ? 1 : 0);
      std::uint32_t stride = 1;
      for (const std::uint32_t d : node_.dimensions) {
        for (std::uint32_t c = 0; d > 1 && c < chips; ++c) {
          const std::uint32_t x = c / stride % d;
          if (d == 2 && x == 1) continue;
          const std::uint32_t next = x + 1 < d ? c + stride : c - x * stride;
          if (next < chips) add_pair(first + c, first + next, rate / ways, latency);
        }
        stride *= d;
      }
      break;
    }
    case NodeTopology::pairwise_host: {
      const std::uint32_t host = vertices_++;
      std::uint32_t beyond = host;  // what goes back out of its memory
      if (node_.host_bytes_per_s > 0) {
        beyond = vertices_++;
        add_link(host, beyond, node_.host_bytes_per_s, 0);
      }
      const double bus = node_.host.bytes_per_s * node_.host.payload_share();
      for (std::uint32_t c = 0; c < chips; ++c) {
        if (c % 2 == 0 && c + 1 < chips) add_pair(first + c, first + c + 1, rate, latency);
        add_link(first + c, host, bus, node_.host.latency_ns);
        add_link(beyond, first + c, bus, node_.host.latency_ns);
      }
      break;
    }
    case NodeTopology::fat_tree: {
      const std::uint32_t spine = vertices_++;
      for (std::uint32_t leaf = 0; leaf * node_.radix < chips; ++leaf) {
        const std::uint32_t hub = vertices_++;
        for (std::uint32_t c = leaf * node_.radix; c < std::min(chips, (leaf + 1) * node_.radix); ++c)
          add_pair(first + c, hub, rate, latency);
        add_pair(hub, spine, rate * node_.radix, node_.switch_latency_ns);
      }
      break;
    }
  }
}

// The fewest links; of several such ways the first.
const std::vector<std::uint32_t>& NodeLinks::way(std::uint32_t from_end, std::uint32_t to_end) {
  const std::uint32_t from = from_end == kSwitch ? switch_ : from_end;
  const std::uint32_t to = to_end == kSwitch ? switch_ : to_end;
  std::vector<std::uint32_t>& known = ways_[std::size_t{from} * vertices_ + to];
  if (!known.empty()) return known;
  // The way out of a node is no way between its own chips.
  const bool inside = from < devices_ && to < devices_ && from / node_.chips == to / node_.chips;
  const auto closed = [&](std::uint32_t v) {
    return inside && std::find(doors_.begin(), doors_.end(), v) != doors_.end();
  };
  std::vector<std::uint32_t> by(vertices_, UINT32_MAX);
  std::deque<std::uint32_t> ahead = {from};
  while (!ahead.empty() && by[to] == UINT32_MAX) {
    const std::uint32_t v = ahead.front();
    ahead.pop_front();
    for (const std::uint32_t l : out_[v]) {
      const std::uint32_t next = links_[l].to;
      if (next == from || by[next] != UINT32_MAX || closed(next)) continue;
      by[next] = l;
      ahead.push_back(next);
    }
  }
  if (by[to] == UINT32_MAX)
    throw ConfigError(
        "", "node " + node_.name + ": no way from " + std::to_string(from) + " to " + std::to_string(to));
  for (std::uint32_t v = to; v != from; v = links_[by[v]].from) known.insert(known.begin(), by[v]);
  return known;
}

double NodeLinks::busiest_s(const CollectiveSchedule& schedule) {
  std::vector<double> load(links_.size(), 0);
  for (const CollectiveTransfer& t : schedule) {
    for (const std::uint32_t l : way(t.from, t.to))
      load[l] += static_cast<double>(t.bytes) * links_[l].fs_per_byte;
  }
  return load.empty() ? 0 : *std::max_element(load.begin(), load.end()) / kFsPerSecond;
}

double NodeLinks::chain_s(const CollectiveSchedule& schedule, double step_s) {
  std::vector<double> done(schedule.size(), 0);
  double last = 0;
  for (std::size_t i = 0; i < schedule.size(); ++i) {
    double start = 0;
    for (const std::uint32_t before : schedule[i].after) start = std::max(start, done[before]);
    double latency = step_s;
    for (const std::uint32_t l : way(schedule[i].from, schedule[i].to))
      latency += to_seconds(links_[l].latency);
    done[i] = start + latency;
    last = std::max(last, done[i]);
  }
  return last;
}

}  // namespace orrery
