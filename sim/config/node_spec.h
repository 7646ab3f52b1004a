#pragma once
// A node: its chips, the links between them, the way out, and how its library runs collectives.

#include <cstdint>
#include <string>
#include <vector>

#include "sim/util/enum_names.h"

namespace orrery {

// switched: every chip on one switch. fully_connected: a link a pair. ring: neighbours. torus: `dimensions`.
// pairwise_host: links within pairs of chips, between pairs through the host. fat_tree: chips under leaf
// switches of `radix`, joined by a spine of full width.
enum class NodeTopology : std::uint8_t { switched, fully_connected, ring, torus, pairwise_host, fat_tree };
template <>
struct EnumNames<NodeTopology> {
  static constexpr std::array<const char*, 6> kWords = {"switch", "fully_connected", "ring",
                                                        "torus",  "pairwise_host",   "fat_tree"};
};

enum class CollectiveAlgorithm : std::uint8_t {
  ring,
  tree,
  halving_doubling,
  direct,
  hierarchical,
  in_switch,
  one_shot,
};
template <>
struct EnumNames<CollectiveAlgorithm> {
  static constexpr std::array<const char*, 7> kWords = {
      "ring", "tree", "halving_doubling", "direct", "hierarchical", "in_switch", "one_shot"};
};

// A wire: bytes/s per direction, and the packets it carries.
struct WireSpec {
  double bytes_per_s = 0;
  double latency_ns = 0;
  double header_bytes = 0;
  double payload_bytes = 1;  // a packet; header_bytes come on top
  double payload_share() const { return payload_bytes / (payload_bytes + header_bytes); }
};

// What a protocol is for. collectives: the library's. older: the library's as it was in 2023, where it has
// become faster since. engine: a serving engine's own one- and two-shot all-reduces. pairs: the library's
// sends from one device to another, where they are not as its collectives. experts: kernels that take a
// mixture's tokens to experts and back (DeepEP's low latency and its like). experts_by_node: those that send
// a token once to each node and spread it there (DeepEP's normal kernels).
enum class ProtocolUse : std::uint8_t { collectives, older, engine, pairs, experts, experts_by_node };
template <>
struct EnumNames<ProtocolUse> {
  static constexpr std::array<const char*, 6> kWords = {"collectives", "older",   "engine",
                                                        "pairs",       "experts", "experts_by_node"};
};

// One way a library moves data: what starting costs, what a step costs, and which share of the wire's payload
// rate it keeps up.
struct CollectiveProtocol {
  std::string name;
  double base_ns = 0;
  double step_ns = 0;
  double share = 1;
  ProtocolUse serves = ProtocolUse::collectives;
  double peer_ns = 0;   // of an all-to-all, a device that is sent to
  double own_copy = 0;  // steps of a ring or an all-to-all that a device copies and sends nothing
};

inline constexpr const char* kOfTheMachine = "of this machine";

struct NodeSpec {
  std::string name;
  // What a result of so many devices says of it; a machine's own file has its links, which nobody measured.
  std::string in_words(std::uint32_t used) const {
    if (used == 1) return "none needed";
    return name == kOfTheMachine ? "none of its own: links as the machine's file has them" : name;
  }
  std::string chip;  // machine; empty = whatever machine describes the node itself
  std::uint32_t chips = 1;
  std::uint32_t devices = 1;  // used unless asked otherwise
  NodeTopology topology = NodeTopology::switched;
  std::vector<std::uint32_t> dimensions;  // torus
  std::uint32_t radix = 0;                // fat_tree: chips a leaf
  WireSpec link;                          // all links of a chip together
  bool switch_reduces = false;            // reductions in the switch
  double switch_latency_ns = 0;
  WireSpec host;                // pairwise_host: a chip's way to the host
  double host_bytes_per_s = 0;  // through the host's memory, of all chips; 0 = their ways alone bound it
  std::uint32_t nics = 0;       // out of the node
  WireSpec nic;                 // one of them
  double nic_base_ns = 0;       // what leaving the node adds to a collective's start
  std::vector<CollectiveProtocol> protocols;
  std::vector<CollectiveAlgorithm> algorithms;  // the only ones used; empty = what libraries have
  double energy_pj_per_bit = 0;
};

}  // namespace orrery
