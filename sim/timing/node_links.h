#pragma once
// The links of a node, or of several joined by their NICs and one outer switch: who is linked to whom, how
// fast, and the way of a transfer. Each chip has one way in and one way out to a switch, or a link to each
// neighbour.

#include <cstdint>
#include <vector>

#include "sim/timing/collective_schedule.h"
#include "sim/util/units.h"

namespace orrery {

class NodeLinks {
 public:
  struct Link {
    std::uint32_t from, to;
    double fs_per_byte;
    Femtoseconds latency;
  };

  // `devices` chips; more than the node has take several nodes.
  NodeLinks(const NodeSpec& node, std::uint32_t devices);

  std::uint32_t devices() const { return devices_; }

  const std::vector<Link>& links() const { return links_; }
  // Links from one end of a transfer to the other: the fewest; of several such ways the first. Throws
  // ConfigError when there is none.
  const std::vector<std::uint32_t>& way(std::uint32_t from, std::uint32_t to);

  // Least time the busiest link of a schedule needs, and the latencies of its longest chain.
  double busiest_s(const CollectiveSchedule& schedule);
  double chain_s(const CollectiveSchedule& schedule, double step_s);

 private:
  NodeSpec node_;
  std::uint32_t devices_;
  std::uint32_t vertices_;
  std::uint32_t switch_;              // vertex of the first switch
  std::vector<std::uint32_t> doors_;  // vertices of the ways out, a node each
  std::vector<Link> links_;
  std::vector<std::vector<std::uint32_t>> out_;   // links by vertex
  std::vector<std::vector<std::uint32_t>> ways_;  // from vertex to vertex, found when first needed

  void add_link(std::uint32_t from, std::uint32_t to, double bytes_per_s, double latency_ns);
  void add_pair(std::uint32_t a, std::uint32_t b, double bytes_per_s, double latency_ns);
  void build_node(std::uint32_t first, std::uint32_t chips, double rate);
};

}  // namespace orrery
