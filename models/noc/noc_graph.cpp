#include "models/noc/noc_graph.h"

#include <fmt/format.h>

#include <algorithm>
#include <deque>

#include "sim/util/errors.h"

namespace orrery {
namespace {

// Every pair's route is looked at before anything runs.
constexpr std::uint32_t kMostRouters = 1024;

std::uint32_t power(std::uint32_t base, std::uint32_t exponent) {
  std::uint64_t result = 1;
  for (std::uint32_t i = 0; i < exponent && result <= kMostRouters; ++i) result *= base;
  if (result > kMostRouters)
    throw ConfigError("",
                      fmt::format("a network of {}^{} routers; at most {}", base, exponent, kMostRouters));
  return static_cast<std::uint32_t>(result);
}

}  // namespace

NocGraph::NocGraph(const NocSpec& spec) : spec_(spec) {
  if (spec.router.num_vcs == 0 || spec.router.vc_buffer_flits == 0)
    throw ConfigError("", "a router needs at least one virtual channel and one flit of buffer");
  if (spec.router.num_vcs > 256 || spec.router.vc_buffer_flits > 4096)
    throw ConfigError("", "a router has at most 256 virtual channels of 4096 flits");
  if (spec.routers > kMostRouters || spec.terminals.size() > kMostRouters)
    throw ConfigError("", fmt::format("a network has at most {} routers and nodes", kMostRouters));
  switch (spec.topology) {
    case NocTopology::mesh:
      build_cube(false);
      break;
    case NocTopology::torus:
      build_cube(true);
      break;
    case NocTopology::butterfly:
    case NocTopology::crossbar:
      build_butterfly();
      break;
    case NocTopology::hierarchical:
      build_hierarchy();
      break;
    case NocTopology::graph:
      build_graph();
      break;
  }
  if (vc_classes_ > spec.router.num_vcs) {
    throw ConfigError(
        "", fmt::format("these routes need {} classes of virtual channels (a torus has a dateline); "
                        "num_vcs is {}",
                        vc_classes_, spec.router.num_vcs));
  }
  check_reachable();
  check_deadlock();
}

std::uint32_t NocGraph::add_channel(std::uint32_t from, std::uint32_t to, std::uint32_t latency) {
  NocChannel c;
  c.latency = std::max(1u, latency);
  const auto id = static_cast<std::uint32_t>(channels_.size());
  if (from != kTerminal) {
    c.from_router = from;
    c.from_port = static_cast<std::uint32_t>(outputs_[from].size());
    outputs_[from].push_back(id);
  }
  if (to != kTerminal) {
    c.to_router = to;
    c.to_port = static_cast<std::uint32_t>(inputs_[to].size());
    inputs_[to].push_back(id);
  }
  channels_.push_back(c);
  return id;
}

void NocGraph::add_node(std::uint32_t router) {
  add_node(router, router);
}

void NocGraph::add_node(std::uint32_t in_router, std::uint32_t out_router) {
  const auto node = static_cast<std::uint32_t>(node_in_.size());
  node_in_.push_back(add_channel(kTerminal, in_router, spec_.terminal_latency));
  node_out_.push_back(add_channel(out_router, kTerminal, spec_.terminal_latency));
  channels_[node_in_.back()].node = node;
  channels_[node_out_.back()].node = node;
  node_router_.push_back(out_router);
}

std::uint32_t NocGraph::coordinate(std::uint32_t router, std::uint32_t dimension) const {
  for (std::uint32_t d = 0; d < dimension; ++d) router /= spec_.k;
  return router % spec_.k;
}

// k^n routers, a node each; dimension d links routers k^d apart.
void NocGraph::build_cube(bool torus) {
  if (spec_.k < 2 || spec_.n < 1)
    throw ConfigError("", "a mesh or torus needs k of at least 2 and n of at least 1");
  const std::uint32_t routers = power(spec_.k, spec_.n);
  outputs_.resize(routers);
  inputs_.resize(routers);
  direction_port_.assign(routers, std::vector<std::uint16_t>(2 * spec_.n, 0xffff));
  vc_classes_ = torus && spec_.k > 2 ? 2 : 1;
  std::uint32_t stride = 1;
  for (std::uint32_t d = 0; d < spec_.n; ++d, stride *= spec_.k) {
    for (std::uint32_t r = 0; r < routers; ++r) {
      const std::uint32_t x = coordinate(r, d);
      const auto link = [&](std::uint32_t to, std::uint32_t direction) {
        direction_port_[r][2 * d + direction] = static_cast<std::uint16_t>(outputs_[r].size());
        add_channel(r, to, spec_.link_latency);
      };
      if (x + 1 < spec_.k || torus) link(x + 1 < spec_.k ? r + stride : r - x * stride, 0);
      if (x > 0 || torus) link(x > 0 ? r - stride : r + (spec_.k - 1) * stride, 1);
    }
  }
  for (std::uint32_t r = 0; r < routers; ++r) add_node(r);
}

// n stages of k^(n-1) switches of k x k; a node enters the first stage and leaves the last. One stage: a
// crossbar.
void NocGraph::build_butterfly() {
  if (spec_.k < 2 || spec_.n < 1)
    throw ConfigError("", "a butterfly needs k of at least 2 and n of at least 1");
  const std::uint32_t nodes = power(spec_.k, spec_.n);
  const std::uint32_t width = nodes / spec_.k;
  outputs_.resize(std::size_t{width} * spec_.n);
  inputs_.resize(outputs_.size());
  table_.assign(outputs_.size() * nodes, 0);
  // Stage s decides digit n-1-s (most significant first) of the destination: line `p` of a stage goes to the
  // line with that digit replaced.
  for (std::uint32_t stage = 0; stage + 1 < spec_.n; ++stage) {
    const std::uint32_t digit = power(spec_.k, spec_.n - 1 - stage);
    const std::uint32_t next = digit / spec_.k;
    // Switches of a stage group the lines that differ in its digit only.
    const auto switch_of = [&](std::uint32_t line, std::uint32_t d) {
      return line / (d * spec_.k) * d + line % d;
    };
    for (std::uint32_t sw = 0; sw < width; ++sw) {
      for (std::uint32_t out = 0; out < spec_.k; ++out) {
        const std::uint32_t line = sw / digit * digit * spec_.k + out * digit + sw % digit;
        add_channel(stage * width + sw, (stage + 1) * width + switch_of(line, next), spec_.link_latency);
      }
    }
  }
  const std::uint32_t top = nodes / spec_.k;
  for (std::uint32_t node = 0; node < nodes; ++node)
    add_node(node % top, (spec_.n - 1) * width + node / spec_.k);
  for (std::uint32_t stage = 0; stage < spec_.n; ++stage) {
    const std::uint32_t digit = power(spec_.k, spec_.n - 1 - stage);
    for (std::uint32_t sw = 0; sw < width; ++sw) {
      for (std::uint32_t node = 0; node < nodes; ++node)
        table_[std::size_t{stage * width + sw} * nodes + node] =
            static_cast<std::uint16_t>(node / digit % spec_.k);
    }
  }
}

// A tree of switches: k children each, n levels; nodes below the lowest.
void NocGraph::build_hierarchy() {
  if (spec_.k < 2 || spec_.n < 1)
    throw ConfigError("", "a hierarchy needs k of at least 2 and n of at least 1");
  std::vector<std::uint32_t> first(spec_.n + 1, 0);
  for (std::uint32_t level = 0; level < spec_.n; ++level)
    first[level + 1] = first[level] + power(spec_.k, level);
  outputs_.resize(first[spec_.n]);
  inputs_.resize(first[spec_.n]);
  for (std::uint32_t level = 0; level + 1 < spec_.n; ++level) {
    for (std::uint32_t s = 0; s < power(spec_.k, level + 1); ++s) {
      add_channel(first[level] + s / spec_.k, first[level + 1] + s, spec_.link_latency);
      add_channel(first[level + 1] + s, first[level] + s / spec_.k, spec_.link_latency);
    }
  }
  for (std::uint32_t node = 0; node < power(spec_.k, spec_.n); ++node)
    add_node(first[spec_.n - 1] + node / spec_.k);
  route_by_shortest_paths();
}

void NocGraph::build_graph() {
  outputs_.resize(spec_.routers);
  inputs_.resize(spec_.routers);
  const auto known = [&](std::uint32_t router, const char* what) {
    if (router >= spec_.routers)
      throw ConfigError("", fmt::format("{} names router {}; there are {}", what, router, spec_.routers));
  };
  for (const NocLink& l : spec_.links) {
    known(l.from, "a link");
    known(l.to, "a link");
    add_channel(l.from, l.to, l.latency);
    if (!l.one_way) add_channel(l.to, l.from, l.latency);
  }
  for (const std::uint32_t router : spec_.terminals) {
    known(router, "a terminal");
    add_node(router);
  }
  route_by_shortest_paths();
}

void NocGraph::route_by_shortest_paths() {
  constexpr std::uint16_t kNoPort = 0xffff;
  table_.assign(outputs_.size() * nodes(), kNoPort);
  for (std::uint32_t node = 0; node < nodes(); ++node) {
    // Distances to the node's router, against the channels.
    std::vector<std::uint32_t> distance(outputs_.size(), UINT32_MAX);
    std::deque<std::uint32_t> ahead = {node_router_[node]};
    distance[node_router_[node]] = 0;
    while (!ahead.empty()) {
      const std::uint32_t r = ahead.front();
      ahead.pop_front();
      for (const std::uint32_t c : inputs_[r]) {
        const std::uint32_t from = channels_[c].from_router;
        if (from == kTerminal || distance[from] != UINT32_MAX) continue;
        distance[from] = distance[r] + 1;
        ahead.push_back(from);
      }
    }
    for (std::uint32_t r = 0; r < outputs_.size(); ++r) {
      const auto port_to = [&](auto wanted) {
        for (std::uint32_t p = 0; p < outputs_[r].size(); ++p) {
          if (wanted(outputs_[r][p])) return static_cast<std::uint16_t>(p);
        }
        return kNoPort;
      };
      std::uint16_t& port = table_[std::size_t{r} * nodes() + node];
      if (r == node_router_[node]) {
        port = port_to([&](std::uint32_t c) { return c == node_out_[node]; });
      } else if (!spec_.table.empty()) {
        const std::uint32_t next = spec_.table.at(r).at(node);
        port = port_to([&](std::uint32_t c) { return channels_[c].to_router == next; });
      } else if (distance[r] != UINT32_MAX) {
        port = port_to([&](std::uint32_t c) {
          const std::uint32_t to = channels_[c].to_router;
          return to != kTerminal && distance[to] + 1 == distance[r];
        });
      }
    }
  }
}

// Direction and class of virtual channels follow from where the packet entered the dimension (its source's
// coordinate): a packet that crosses the wrap-around link keeps to one class, the others to the other, so
// that no circle closes (each goes at most half way round).
NocHop NocGraph::route_cube(std::uint32_t router, std::uint32_t from, std::uint32_t node,
                            std::uint32_t tie) const {
  const bool torus = spec_.topology == NocTopology::torus;
  for (std::uint32_t i = 0; i < spec_.n; ++i) {
    const std::uint32_t d = spec_.routing == NocRouting::yx ? spec_.n - 1 - i : i;
    const std::uint32_t there = coordinate(node, d);
    if (coordinate(router, d) == there) continue;
    const std::uint32_t start = coordinate(from, d);
    std::uint32_t direction = start < there ? 0 : 1;
    if (torus) {
      const std::uint32_t ahead = (there + spec_.k - start) % spec_.k;
      direction = 2 * ahead < spec_.k || (2 * ahead == spec_.k && (tie >> d & 1) == 0) ? 0 : 1;
    }
    const bool wraps = direction == 0 ? start > there : start < there;
    return {direction_port_[router][2 * d + direction],
            vc_classes_ == 2 ? static_cast<std::uint8_t>(wraps ? 1 : 0) : kAnyVc};
  }
  return {static_cast<std::uint16_t>(outputs_[router].size() - 1), kAnyVc};  // the node's own channel is last
}

NocHop NocGraph::route(std::uint32_t router, std::uint32_t from, std::uint32_t node,
                       std::uint32_t tie) const {
  if (!table_.empty()) return {table_[std::size_t{router} * nodes() + node], kAnyVc};
  return route_cube(router, from, node, tie);
}

std::vector<std::uint32_t> NocGraph::path(std::uint32_t from, std::uint32_t to, std::uint32_t tie) const {
  std::vector<std::uint32_t> way = {node_in_[from]};
  while (channels_[way.back()].to_router != kTerminal) {
    const std::uint32_t router = channels_[way.back()].to_router;
    const NocHop hop = route(router, from, to, tie);
    if (hop.port >= outputs_[router].size() || way.size() > channels_.size()) {
      throw ConfigError(
          "", fmt::format("node {} cannot reach node {}: no way on from router {}", from, to, router));
    }
    way.push_back(outputs_[router][hop.port]);
  }
  return way;
}

std::pair<std::uint32_t, std::uint32_t> NocGraph::vc_range(std::uint8_t vc_class) const {
  const std::uint32_t vcs = spec_.router.num_vcs;
  if (vc_class == kAnyVc) return {0, vcs};
  const std::uint32_t share = vcs / vc_classes_;
  const std::uint32_t first = vc_class * share;
  return {first, vc_class + 1u == vc_classes_ ? vcs : first + share};
}

void NocGraph::check_reachable() const {
  if (nodes() < 2) throw ConfigError("", "a network needs at least two nodes");
  for (std::uint32_t from = 0; from < nodes(); ++from) {
    for (std::uint32_t to = 0; to < nodes(); ++to) {
      const auto way = path(from, to, 0);
      if (channels_[way.back()].node != to)
        throw ConfigError("", fmt::format("node {} cannot reach node {}: its route ends at node {}", from, to,
                                          channels_[way.back()].node));
    }
  }
}

// A circle in "a packet on this channel (and class) waits for that one" is a deadlock.
void NocGraph::check_deadlock() const {
  const std::uint32_t classes = vc_classes_ + 1;  // the last: any
  const auto index = [&](std::uint32_t channel, std::uint8_t vc_class) {
    return channel * classes + (vc_class == kAnyVc ? vc_classes_ : vc_class);
  };
  std::vector<std::vector<std::uint32_t>> waits(channels_.size() * classes);
  for (std::uint32_t from = 0; from < nodes(); ++from) {
    for (std::uint32_t to = 0; to < nodes(); ++to) {
      for (const std::uint32_t tie : {0u, 0xffffffffu}) {
        std::uint32_t at = node_in_[from];
        std::uint32_t held = index(at, kAnyVc);
        while (channels_[at].to_router != kTerminal) {
          const std::uint32_t router = channels_[at].to_router;
          const NocHop hop = route(router, from, to, tie);
          at = outputs_[router][hop.port];
          const std::uint32_t wanted = index(at, hop.vc_class);
          waits[held].push_back(wanted);
          held = wanted;
        }
      }
    }
  }
  enum class Mark : std::uint8_t { fresh, open, done };
  std::vector<Mark> marks(waits.size(), Mark::fresh);
  for (auto& list : waits) {
    std::sort(list.begin(), list.end());
    list.erase(std::unique(list.begin(), list.end()), list.end());
  }
  std::vector<std::pair<std::uint32_t, std::size_t>> stack;
  for (std::uint32_t start = 0; start < waits.size(); ++start) {
    if (marks[start] != Mark::fresh) continue;
    stack.push_back({start, 0});
    marks[start] = Mark::open;
    while (!stack.empty()) {
      auto& [at, next] = stack.back();
      if (next == waits[at].size()) {
        marks[at] = Mark::done;
        stack.pop_back();
        continue;
      }
      const std::uint32_t wanted = waits[at][next++];
      if (marks[wanted] == Mark::open) {
        std::string circle;
        bool inside = false;
        for (const auto& [channel, ignored] : stack) {
          inside = inside || channel == wanted;
          const NocChannel& c = channels_[channel / classes];
          if (inside) circle += fmt::format("{}->{} ", c.from_router, c.to_router);
        }
        throw ConfigError("", "these routes can deadlock: the channels between routers " + circle +
                                  "wait for each other in a circle");
      }
      if (marks[wanted] == Mark::fresh) {
        marks[wanted] = Mark::open;
        stack.push_back({wanted, 0});
      }
    }
  }
}

}  // namespace orrery
