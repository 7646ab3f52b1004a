#pragma once
// Routers, channels and routes of a network, built from its description and checked before anything runs:
// every node reaches every node, and the channels cannot wait for each other in a circle (Dally and Seitz,
// 1987), virtual-channel classes included.

#include <cstdint>
#include <vector>

#include "sim/config/noc_spec.h"

namespace orrery {

inline constexpr std::uint32_t kTerminal = 0xffffffff;

// A channel between routers, or between a node and its router.
struct NocChannel {
  std::uint32_t from_router = kTerminal, from_port = 0;  // kTerminal: from a node
  std::uint32_t to_router = kTerminal, to_port = 0;      // kTerminal: to a node
  std::uint32_t node = 0;                                // of a terminal channel
  std::uint32_t latency = 1;
};

// Where a packet goes on from a router: the output port and the class of virtual channels it may take there.
struct NocHop {
  std::uint16_t port = 0;
  std::uint8_t vc_class = 0;  // of vc_classes; kAnyVc for all
};
inline constexpr std::uint8_t kAnyVc = 255;

class NocGraph {
 public:
  // Throws ConfigError: unreachable node, routes that can deadlock, an impossible size.
  explicit NocGraph(const NocSpec& spec);

  const NocSpec& spec() const { return spec_; }
  std::uint32_t routers() const { return static_cast<std::uint32_t>(outputs_.size()); }
  std::uint32_t nodes() const { return static_cast<std::uint32_t>(node_in_.size()); }
  std::uint32_t vc_classes() const { return vc_classes_; }
  const std::vector<NocChannel>& channels() const { return channels_; }
  const std::vector<std::uint32_t>& outputs(std::uint32_t router) const { return outputs_[router]; }
  const std::vector<std::uint32_t>& inputs(std::uint32_t router) const { return inputs_[router]; }
  std::uint32_t injection(std::uint32_t node) const { return node_in_[node]; }
  std::uint32_t ejection(std::uint32_t node) const { return node_out_[node]; }

  // The next hop at `router` of a packet between two nodes. Ties of a torus (half way round) go by `tie`, a
  // value that the packet keeps.
  NocHop route(std::uint32_t router, std::uint32_t from, std::uint32_t node, std::uint32_t tie) const;
  // Channels of the whole way, injection and ejection included.
  std::vector<std::uint32_t> path(std::uint32_t from, std::uint32_t to, std::uint32_t tie) const;
  // First and one past the last virtual channel of a class.
  std::pair<std::uint32_t, std::uint32_t> vc_range(std::uint8_t vc_class) const;

 private:
  NocSpec spec_;
  std::uint32_t vc_classes_ = 1;
  std::vector<NocChannel> channels_;
  std::vector<std::vector<std::uint32_t>> outputs_, inputs_;  // channels by port
  std::vector<std::uint32_t> node_in_, node_out_;
  std::vector<std::uint32_t> node_router_;
  // Dimension-ordered: output port by dimension and direction.
  std::vector<std::vector<std::uint16_t>> direction_port_;
  std::vector<std::uint16_t> table_;  // [router * nodes + node] = port

  std::uint32_t add_channel(std::uint32_t from, std::uint32_t to, std::uint32_t latency);
  void add_node(std::uint32_t router);
  // A node whose input and output lie at different routers (butterfly).
  void add_node(std::uint32_t in_router, std::uint32_t out_router);
  void build_cube(bool torus);
  void build_butterfly();
  void build_hierarchy();
  void build_graph();
  void route_by_shortest_paths();
  void check_reachable() const;
  void check_deadlock() const;
  std::uint32_t coordinate(std::uint32_t router, std::uint32_t dimension) const;
  NocHop route_cube(std::uint32_t router, std::uint32_t from, std::uint32_t node, std::uint32_t tie) const;
};

}  // namespace orrery
