#pragma once
// A network on chip: its routers and how they are connected.

#include <cstdint>
#include <string>
#include <vector>

#include "sim/util/enum_names.h"

namespace orrery {

enum class NocTopology : std::uint8_t { mesh, torus, butterfly, crossbar, hierarchical, graph };
// xy / yx: dimension by dimension, lowest or highest first (dimension order in general); destination_tag:
// butterflies; table: shortest paths, lowest port first.
enum class NocRouting : std::uint8_t { xy, yx, destination_tag, table };
template <>
struct EnumNames<NocRouting> {
  static constexpr std::array<const char*, 4> kWords = {"xy", "yx", "destination_tag", "table"};
};

// Input-queued router with virtual channels and credits. Times in cycles.
struct RouterSpec {
  std::string name;
  std::uint32_t num_vcs = 8;
  std::uint32_t vc_buffer_flits = 8;
  std::uint32_t routing_delay = 0;  // 0 = routed a hop ahead
  std::uint32_t vc_alloc_delay = 1;
  std::uint32_t sw_alloc_delay = 1;
  std::uint32_t crossbar_delay = 1;
  std::uint32_t credit_delay = 2;   // from a credit's arrival to its use
  std::uint32_t input_speedup = 1;  // crossbar inputs a port
  std::uint32_t allocator_iterations = 1;
  bool wait_for_tail_credit = false;  // a VC is given away again when its buffer downstream is empty
  // A head's way through it without load.
  std::uint32_t pipeline_cycles() const {
    return routing_delay + vc_alloc_delay + sw_alloc_delay + crossbar_delay;
  }
};

// A link of a graph given in YAML: both ways unless `one_way`.
struct NocLink {
  std::uint32_t from = 0, to = 0;
  std::uint32_t latency = 1;
  bool one_way = false;
};

struct NocSpec {
  NocTopology topology = NocTopology::mesh;
  NocRouting routing = NocRouting::xy;
  std::uint32_t k = 8;  // routers a dimension; radix of a butterfly or crossbar; leaves of a hierarchy's node
  std::uint32_t n = 2;  // dimensions; stages of a butterfly; levels of a hierarchy
  std::uint32_t link_latency = 1;
  std::uint32_t terminal_latency = 1;  // from a node to its router and back
  RouterSpec router;
  // topology graph:
  std::uint32_t routers = 0;
  std::vector<NocLink> links;
  std::vector<std::uint32_t> terminals;  // router of each node
  // routing table, overriding shortest paths: [router][node] = next router (== router: eject)
  std::vector<std::vector<std::uint32_t>> table;
};

// Nodes a network has for cores and memory together.
std::uint64_t node_count(const NocSpec& spec);

}  // namespace orrery
